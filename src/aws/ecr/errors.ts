import { AwsError } from '../wire/service.ts'

/** ECR's words for a parameter that will not do. */
export const invalidParameter = (parameter: string, reason: string) =>
  new AwsError(
    'InvalidParameterException',
    `Invalid parameter at '${parameter}' failed to satisfy constraint: '${reason}'`,
  )

export const validation = (message: string) => new AwsError('ValidationException', message)

export const limitExceeded = (message: string) => new AwsError('LimitExceededException', message)
