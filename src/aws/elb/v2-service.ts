import * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { AwsError, type Service } from '../wire/service.ts'

/** Application and network load balancers do not exist here yet: lists are empty, names are not found. */
export const elbv2Service: Service = {
  name: 'elbv2',
  sdk,
  actionPrefix: 'elasticloadbalancing',
  endpoints: [{ prefix: 'elasticloadbalancing' }],
  botocoreName: 'elbv2',
  handlers: {
    DescribeLoadBalancers: (input: sdk.DescribeLoadBalancersCommandInput) => {
      const asked = [...(input.Names ?? []), ...(input.LoadBalancerArns ?? [])]
      if (asked.length > 0) throw new AwsError('LoadBalancerNotFound', 'One or more load balancers not found')
      return { LoadBalancers: [] }
    },
    DescribeTargetGroups: (input: sdk.DescribeTargetGroupsCommandInput) => {
      const asked = [...(input.Names ?? []), ...(input.TargetGroupArns ?? [])]
      if (asked.length > 0) throw new AwsError('TargetGroupNotFound', 'One or more target groups not found')
      return { TargetGroups: [] }
    },
  },
}
