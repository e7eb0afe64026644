import { listeners } from '../elbv2/index.ts'
import type { Service } from '../wire/service.ts'
import { certificateHandlers } from './certificates.ts'

/** AWS Certificate Manager: https://docs.aws.amazon.com/acm/latest/APIReference/ */
export const acmService: Service = {
  name: 'acm',
  sdk: () => import('@aws-sdk/client-acm'),
  actionPrefix: 'acm',
  endpoints: [{ prefix: 'acm' }],
  botocoreName: 'acm',
  handlers: certificateHandlers((context, arn) =>
    listeners
      .list(context)
      .filter(({ certificates }) => certificates?.includes(arn))
      .map(({ loadBalancerArn }) => loadBalancerArn),
  ),
  resources: (_operation, input: { CertificateArn?: string }) => input.CertificateArn ?? '*',
}
