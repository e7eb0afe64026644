import { AwsError } from '../wire/service.ts'

// Codes: https://docs.aws.amazon.com/cloud-map/latest/api/; texts from public issues, else our own wording (2026-11).

export const invalidInput = (message: string) => new AwsError('InvalidInput', message)
export const namespaceNotFound = (id: string) =>
  new AwsError('NamespaceNotFound', `Failed to find namespace with id ${id}`)
export const serviceNotFound = (id: string) => new AwsError('ServiceNotFound', `Service not found: ${id}`)
export const instanceNotFound = (id: string) => new AwsError('InstanceNotFound', `Instance not found: ${id}`)
export const inUse = (message: string) => new AwsError('ResourceInUse', message)
export const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })
