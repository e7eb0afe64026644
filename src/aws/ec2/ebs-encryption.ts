import type * as sdk from '@aws-sdk/client-ec2'
import { keyInUse } from '../encryption.ts'
import { awsKey } from '../keys.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { required } from './errors.ts'
import type { Scope } from './scope.ts'

/** Whether new volumes of a region are encrypted unasked, and with which key. */
interface Settings {
  enabled: boolean
  /** A key's id, ARN or alias. */
  keyId: string
}

const AWS_KEY = 'alias/aws/ebs'

const keyOf = ({ accountId, region }: Scope) => awsKey(accountId, region, 'ec2', 'settings', 'ebs-encryption')

export const encryptionByDefault = (scope: Scope): Settings =>
  scope.world.store.get<Settings>(keyOf(scope))?.value ?? { enabled: false, keyId: AWS_KEY }

function change(scope: Scope, fields: Partial<Settings>): Settings {
  const next = { ...encryptionByDefault(scope), ...fields }
  scope.world.store.put(keyOf(scope), next)
  return next
}

/** The ARN of a key that there is. Throws InvalidKmsKey.InvalidKeyId. */
const arnOf = (context: RequestContext, keyId: string): string =>
  keyInUse(
    context,
    { service: 'ec2', keyId, operations: [] },
    () => new AwsError('InvalidKmsKey.InvalidKeyId', `KMS Key id ${keyId} is invalid`),
  ).arn

/** https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html */
export const ebsEncryptionHandlers: Record<string, Handler> = {
  GetEbsEncryptionByDefault: (_input, context) => ({
    EbsEncryptionByDefault: encryptionByDefault(context).enabled,
    SseType: 'sse-ebs',
  }),
  EnableEbsEncryptionByDefault: (_input, context) => ({
    EbsEncryptionByDefault: change(context, { enabled: true }).enabled,
  }),
  DisableEbsEncryptionByDefault: (_input, context) => ({
    EbsEncryptionByDefault: change(context, { enabled: false }).enabled,
  }),
  GetEbsDefaultKmsKeyId: (_input, context) => ({ KmsKeyId: encryptionByDefault(context).keyId }),
  ModifyEbsDefaultKmsKeyId: (input: sdk.ModifyEbsDefaultKmsKeyIdCommandInput, context) => ({
    KmsKeyId: change(context, { keyId: arnOf(context, required(input.KmsKeyId, 'KmsKeyId')) }).keyId,
  }),
  ResetEbsDefaultKmsKeyId: (_input, context) => {
    change(context, { keyId: AWS_KEY })
    return { KmsKeyId: arnOf(context, AWS_KEY) }
  },
}
