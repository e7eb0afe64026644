import type { RequestContext } from './wire/service.ts'

/** A key that a service encrypts with, as it is shown. */
export interface EncryptionKey {
  arn: string
}

/**
 * The KMS key that a service is to encrypt with, by id, ARN or alias; undefined when there is none such.
 * Every account has AWS's own key of each service (`alias/aws/ssm`); keys of its own come with KMS.
 */
export function encryptionKey(
  { region, accountId }: Pick<RequestContext, 'region' | 'accountId'>,
  named: string,
): EncryptionKey | undefined {
  const [, alias] = /(?:^|:)(alias\/aws\/[\w-]+)$/.exec(named) ?? []
  return alias === undefined ? undefined : { arn: `arn:aws:kms:${region}:${accountId}:${alias}` }
}
