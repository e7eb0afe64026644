import type * as sdk from '@aws-sdk/client-sts'
import { Entities } from '../iam/entities.ts'
import { decodedDenial } from '../iam/sealed-denial.ts'
import { issueSession } from '../iam/session.ts'
import type { Service } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import { assumeRole } from './assume-role.ts'
import { assumeRoleWithWebIdentity } from './web-identity.ts'

/** https://docs.aws.amazon.com/STS/latest/APIReference/ */
export const stsService: Service = {
  name: 'sts',
  sdk: () => import('@aws-sdk/client-sts'),
  actionPrefix: 'sts',
  endpoints: [{ prefix: 'sts' }, { prefix: 'sts', global: true }],
  botocoreName: 'sts',
  unsigned: ['AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML'],
  // AssumeRole asks the role's trust policy too, so its handler decides.
  unauthorized: ['GetCallerIdentity', 'GetSessionToken', 'AssumeRole', 'AssumeRoleWithWebIdentity'],
  handlers: {
    GetCallerIdentity: (_input, { principal }) => ({
      UserId: principal.userId,
      Account: principal.accountId,
      Arn: principal.arn,
    }),
    AssumeRole: assumeRole,
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity,
    GetSessionToken: (input: sdk.GetSessionTokenCommandInput, { world, principal }) => {
      if (principal.type === 'assumed-role' || principal.accessKeyId?.startsWith('ASIA'))
        throw new AwsError('AccessDenied', 'Cannot call GetSessionToken with session credentials', {
          status: 403,
        })
      return { Credentials: issueSession(world, principal, input.DurationSeconds ?? 43_200) }
    },
    DecodeAuthorizationMessage: (input: sdk.DecodeAuthorizationMessageCommandInput, { world }) => {
      const DecodedMessage = decodedDenial(world, input.EncodedMessage!)
      if (DecodedMessage !== undefined) return { DecodedMessage }
      throw new AwsError('InvalidAuthorizationMessageException', 'Message is not valid')
    },
    GetAccessKeyInfo: (input: sdk.GetAccessKeyInfoCommandInput, { world }) => {
      const key = new Entities(world, '').accessKey(input.AccessKeyId!)
      if (!key) throw new AwsError('ValidationError', `Invalid accessKeyId: ${input.AccessKeyId}`)
      return { Account: key.accountId }
    },
  },
}
