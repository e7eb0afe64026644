import { AwsError } from '../wire/service.ts'

// Codes: https://docs.aws.amazon.com/systems-manager/latest/APIReference/; texts as reported in public issues (from knowledge, 2026-11).

export const validation = (message: string) => new AwsError('ValidationException', message)
/** The service sends this one without a text. */
export const parameterNotFound = () => new AwsError('ParameterNotFound', '')
export const versionNotFound = (name: string, version: string | number) =>
  new AwsError(
    'ParameterVersionNotFound',
    `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
  )
export const invalidToken = () => new AwsError('InvalidNextToken', 'The specified token is not valid.')
