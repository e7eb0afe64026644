import { AwsError } from '../wire/service.ts'

export const validation = (message: string) => new AwsError('ValidationException', message)
export const notFound = (message: string) => new AwsError('ObjectNotFoundException', message)
export const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })
