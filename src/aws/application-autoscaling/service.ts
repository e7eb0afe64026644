import type { Service } from '../wire/service.ts'
import { applicationAutoScalingHandlers } from './handlers.ts'

/** Application Auto Scaling: https://docs.aws.amazon.com/autoscaling/application/APIReference/ */
export const applicationAutoScalingService: Service = {
  name: 'application-autoscaling',
  sdk: () => import('@aws-sdk/client-application-auto-scaling'),
  actionPrefix: 'application-autoscaling',
  endpoints: [{ prefix: 'application-autoscaling' }],
  botocoreName: 'application-autoscaling',
  handlers: applicationAutoScalingHandlers,
}
