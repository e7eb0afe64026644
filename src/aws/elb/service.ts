import type { RequestContext, Service } from '../wire/service.ts'
import { attributeHandlers } from './attributes.ts'
import { loadBalancerHandlers } from './handlers.ts'

interface Named {
  LoadBalancerName?: string
  LoadBalancerNames?: string[]
}

function resourceOf(
  operation: string,
  input: Named,
  { region, accountId }: RequestContext,
): string | string[] {
  const names =
    input.LoadBalancerName === undefined ? (input.LoadBalancerNames ?? []) : [input.LoadBalancerName]
  // Describing knows no resource-level permissions.
  if (operation.startsWith('Describe') || names.length === 0) return '*'
  return names.map((name) => `arn:aws:elasticloadbalancing:${region}:${accountId}:loadbalancer/${name}`)
}

/** Classic load balancers: https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/ */
export const elbService: Service = {
  name: 'elb',
  sdk: () => import('@aws-sdk/client-elastic-load-balancing'),
  actionPrefix: 'elasticloadbalancing',
  endpoints: [{ prefix: 'elasticloadbalancing' }],
  botocoreName: 'elb',
  handlers: { ...loadBalancerHandlers, ...attributeHandlers },
  resources: resourceOf,
}
