import { AwsError } from '../wire/service.ts'

/** https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each operation's own list. */
export function noSuchEntity(message: string): AwsError {
  return new AwsError('NoSuchEntity', message)
}

export function alreadyExists(message: string): AwsError {
  return new AwsError('EntityAlreadyExists', message)
}

/** `Cannot delete entity, must detach all policies first.` */
export function deleteConflict(first: string): AwsError {
  return new AwsError('DeleteConflict', `Cannot delete entity, must ${first} first.`)
}

export function limitExceeded(quota: string, limit: number): AwsError {
  return new AwsError('LimitExceeded', `Cannot exceed quota for ${quota}: ${limit}`)
}

export function invalidInput(message: string): AwsError {
  return new AwsError('InvalidInput', message)
}
