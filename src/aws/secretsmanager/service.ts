import type { Handler, RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import { policyHandlers } from './policies.ts'
import { randomPasswordHandlers } from './random-password.ts'
import { secretHandlers } from './secrets.ts'
import { findSecret, ownerOf } from './tables.ts'

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html */
const resource: ResourceResolver<{ SecretId?: string; Name?: string }> = (input, context) => {
  const given = input.SecretId ?? input.Name
  return given === undefined ? '*' : (findSecret(context, given)?.arn ?? arnOf(context, given))
}

/** Who asks for a secret that is not there is told the name as he gave it. */
const arnOf = ({ region, accountId }: RequestContext, given: string) =>
  given.startsWith('arn:') ? given : `arn:aws:secretsmanager:${region}:${accountId}:secret:${given}`

/** AWS Secrets Manager: https://docs.aws.amazon.com/secretsmanager/latest/apireference/ */
export const secretsManagerService: Service = {
  name: 'secretsmanager',
  sdk: () => import('@aws-sdk/client-secrets-manager'),
  actionPrefix: 'secretsmanager',
  endpoints: [{ prefix: 'secretsmanager' }],
  botocoreName: 'secretsmanager',
  handlers: Object.fromEntries(
    Object.entries({ ...secretHandlers, ...policyHandlers, ...randomPasswordHandlers }).map(
      ([operation, handler]): [string, Handler] => [
        operation,
        // An ARN may be another account's.
        (input: { SecretId?: string }, context) => handler(input, ownerOf(context, input.SecretId)),
      ],
    ),
  ),
  resources: (_operation, input, context) => resource(input, context),
  resourcePolicy: (arn, context) => findSecret(context, arn)?.policy,
}
