import { AwsError } from '../wire/service.ts'

export const validation = (message: string) => new AwsError('ValidationError', message)
export const invalidValue = (message: string) => new AwsError('InvalidParameterValue', message)
export const invalidCombination = (message: string) => new AwsError('InvalidParameterCombination', message)
export const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })
