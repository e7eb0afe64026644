import type { RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { Entities } from './entities.ts'
import { parsePolicy } from './policy/document.ts'
import { validatePolicy } from './policy/validate.ts'

/** Throws MalformedPolicyDocument when a trust policy is not well formed or names nobody who exists. */
export function checkTrustPolicy({ world }: RequestContext, document: string): void {
  validatePolicy(document, 'trust')
  for (const { principals } of parsePolicy(document).statements) {
    for (const arn of principals?.AWS ?? []) {
      const match = /^arn:aws:iam::(\d{12}):(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn)
      if (!match) continue
      const [, accountId = '', type, name = ''] = match
      const entities = new Entities(world, accountId)
      // Of accounts outside this world nothing can be known.
      if (!entities.get('account', accountId)) continue
      if (entities.get(type as 'user' | 'role', name)?.arn !== arn)
        throw new AwsError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`)
    }
  }
}
