import { fault } from './faults.ts'
import type { Decision } from './identity.ts'
import type { ProtocolName } from './model.ts'
import type { AwsError, Principal } from './service.ts'

/** Services whose messages leave out a resource of `*`. */
const SILENT_ON_STAR = new Set(['ec2', 'autoscaling', 'elasticloadbalancing'])

/**
 * AWS's text for a refused action.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function denialText(
  principal: Principal,
  action: string,
  resource: string,
  decision: Decision,
): string {
  const silent = resource === '*' && SILENT_ON_STAR.has(action.split(':')[0]!)
  const where = silent ? '' : ` on resource: ${resource}`
  const why = decision.reason ? ` ${decision.reason}` : ''
  return `User: ${principal.arn} is not authorized to perform: ${action}${where}${why}`
}

/**
 * The error of a refused action, in the wording of a protocol. `encoded`: its details as EC2 adds them, for `sts decode-authorization-message`.
 */
export function denial(
  protocol: ProtocolName,
  principal: Principal,
  action: string,
  resource: string,
  decision: Decision,
  encoded?: string,
): AwsError {
  const text = denialText(principal, action, resource, decision)
  if (protocol !== 'ec2') return fault(protocol, 'access-denied', text)
  const details = encoded === undefined ? '' : `. Encoded authorization failure message: ${encoded}`
  return fault(
    protocol,
    'access-denied',
    `You are not authorized to perform this operation. ${text}${details}`,
  )
}
