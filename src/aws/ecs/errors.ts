import { AwsError } from '../wire/service.ts'

// Codes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html and the operations' own lists;
// texts as reported in issues of the AWS CLI, Terraform and the CDK (read 2026-11-21).

export const clientError = (message: string) => new AwsError('ClientException', message)
export const invalid = (message: string) => new AwsError('InvalidParameterException', message)
export const clusterNotFound = () => new AwsError('ClusterNotFoundException', 'Cluster not found.')
export const serviceNotFound = () => new AwsError('ServiceNotFoundException', 'Service not found.')
export const serviceNotActive = () => new AwsError('ServiceNotActiveException', 'Service was not ACTIVE.')

/** What the simulation leaves out, named. */
export const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })
