import { AwsError } from '../wire/service.ts'

// Codes and texts: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (written 2026-11-21, not verified line by line)

export const missingParameter = (name: string) =>
  new AwsError('MissingParameter', `The request must contain the parameter ${name}`)

export const invalidParameterValue = (message: string) => new AwsError('InvalidParameterValue', message)

export const invalidParameterCombination = (message: string) =>
  new AwsError('InvalidParameterCombination', message)

export const dependencyViolation = (message: string) => new AwsError('DependencyViolation', message)

/** What the simulation lacks, by its name. */
export const notSimulated = (what: string) =>
  new AwsError(
    'UnsupportedOperation',
    `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`,
  )

/** Gives the value, or throws MissingParameter. `name` is the parameter's wire name (`vpcId`). */
export function required<T>(value: T | undefined | null, name: string): T {
  if (value === undefined || value === null) throw missingParameter(name)
  return value
}
