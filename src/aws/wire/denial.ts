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

/** The error of a refused action, in the wording of a protocol. */
export function denial(
  protocol: ProtocolName,
  principal: Principal,
  action: string,
  resource: string,
  decision: Decision,
): AwsError {
  const text = denialText(principal, action, resource, decision)
  return fault(
    protocol,
    'access-denied',
    protocol === 'ec2' ? `You are not authorized to perform this operation. ${text}` : text,
  )
}
