import * as sdk from '@aws-sdk/client-acm'
import { listeners } from '../elbv2/index.ts'
import { serviceModel } from '../wire/model.ts'
import type { ResourceResolver, Service } from '../wire/service.ts'
import { certificateHandlers } from './certificates.ts'

/** AWS Certificate Manager: https://docs.aws.amazon.com/acm/latest/APIReference/ */
export const acmService: Service = {
  name: 'acm',
  sdk,
  actionPrefix: 'acm',
  endpoints: [{ prefix: 'acm' }],
  botocoreName: 'acm',
  handlers: certificateHandlers((context, arn) =>
    listeners
      .list(context)
      .filter(({ certificates }) => certificates?.includes(arn))
      .map(({ loadBalancerArn }) => loadBalancerArn),
  ),
  resources: Object.fromEntries(
    [...serviceModel(sdk).operations.keys()].map((operation): [string, ResourceResolver] => [
      operation,
      (input: { CertificateArn?: string }) => input.CertificateArn ?? '*',
    ]),
  ),
}
