import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import type { Handler, RequestContext, Service } from '../wire/service.ts'
import { attributeHandlers } from './attributes.ts'
import { LIMITS } from './data/limits.ts'
import { listenerCertificateHandlers } from './listener-certificates.ts'
import { listenerHandlers } from './listeners.ts'
import { loadBalancerHandlers } from './load-balancers.ts'
import { page } from './paging.ts'
import { tagHandlers } from './tags.ts'
import { targetGroupHandlers } from './target-groups.ts'
import { targetHandlers } from './targets.ts'

interface Named {
  Name?: string
  Type?: string
  LoadBalancerArn?: string
  ListenerArn?: string
  RuleArn?: string
  TargetGroupArn?: string
  ResourceArns?: string[]
  RulePriorities?: { RuleArn?: string }[]
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html */
function resourceOf(
  operation: string,
  input: Named,
  { region, accountId }: RequestContext,
): string | string[] {
  // Describing knows no resource-level permissions.
  if (operation.startsWith('Describe')) return '*'
  const prefix = `arn:aws:elasticloadbalancing:${region}:${accountId}`
  if (operation === 'CreateLoadBalancer')
    return `${prefix}:loadbalancer/${input.Type === 'network' ? 'net' : 'app'}/${input.Name}/*`
  if (operation === 'CreateTargetGroup') return `${prefix}:targetgroup/${input.Name}/*`
  if (input.ResourceArns?.length) return input.ResourceArns
  if (input.RulePriorities?.length) return input.RulePriorities.map(({ RuleArn = '*' }) => RuleArn)
  return input.RuleArn ?? input.ListenerArn ?? input.LoadBalancerArn ?? input.TargetGroupArn ?? '*'
}

const handlers: Record<string, Handler> = {
  ...loadBalancerHandlers,
  ...listenerHandlers,
  ...listenerCertificateHandlers,
  ...targetGroupHandlers,
  ...targetHandlers,
  ...attributeHandlers,
  ...tagHandlers,
  DescribeAccountLimits: (input: sdk.DescribeAccountLimitsInput) => {
    const { items, ...next } = page(Object.entries(LIMITS), input)
    return { Limits: items.map(([Name, max]) => ({ Name, Max: String(max) })), ...next }
  },
}

/** Application and network load balancers: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/ */
export const elbv2Service: Service = {
  name: 'elbv2',
  sdk: () => import('@aws-sdk/client-elastic-load-balancing-v2'),
  actionPrefix: 'elasticloadbalancing',
  endpoints: [{ prefix: 'elasticloadbalancing' }],
  botocoreName: 'elbv2',
  handlers,
  resources: resourceOf,
}
