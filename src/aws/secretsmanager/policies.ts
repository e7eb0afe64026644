import type * as sdk from '@aws-sdk/client-secrets-manager'
import { validatePolicy } from '../iam/policy/validate.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { getSecret, secrets } from './tables.ts'

const malformed = () =>
  new AwsError('MalformedPolicyDocumentException', 'This resource policy contains a syntax error.')

function check(policy: string): void {
  try {
    validatePolicy(policy, 'resource')
  } catch (error) {
    if (error instanceof AwsError) throw malformed()
    throw error
  }
}

export const policyHandlers: Record<string, Handler> = {
  GetResourcePolicy: (input: sdk.GetResourcePolicyCommandInput, context) => {
    const { arn, name, policy } = getSecret(context, input.SecretId!)
    return { ARN: arn, Name: name, ...(policy === undefined ? {} : { ResourcePolicy: policy }) }
  },

  PutResourcePolicy: (input: sdk.PutResourcePolicyCommandInput, context) => {
    const record = getSecret(context, input.SecretId!)
    check(input.ResourcePolicy!)
    secrets.put(context, { ...record, policy: input.ResourcePolicy! })
    return { ARN: record.arn, Name: record.name }
  },

  DeleteResourcePolicy: (input: sdk.DeleteResourcePolicyCommandInput, context) => {
    const { policy: _gone, ...record } = getSecret(context, input.SecretId!)
    secrets.put(context, record)
    return { ARN: record.arn, Name: record.name }
  },

  ValidateResourcePolicy: (input: sdk.ValidateResourcePolicyCommandInput) => {
    check(input.ResourcePolicy!)
    return { PolicyValidationPassed: true, ValidationErrors: [] }
  },
}
