import type * as sdk from '@aws-sdk/client-elastic-load-balancing'
import { tables } from '../ec2/index.ts'
import type { Handler, RequestContext } from '../wire/service.ts'
import { LIMITS } from './load-balancers.ts'
import type { LoadBalancerRecord } from './records.ts'
import { getLoadBalancer, healthOf, putLoadBalancer } from './tables.ts'

function output({ attributes }: LoadBalancerRecord): sdk.LoadBalancerAttributes {
  return {
    CrossZoneLoadBalancing: { Enabled: attributes.crossZone },
    AccessLog: { Enabled: attributes.accessLog.enabled },
    ConnectionDraining: {
      Enabled: attributes.connectionDraining.enabled,
      Timeout: attributes.connectionDraining.timeout,
    },
    ConnectionSettings: { IdleTimeout: attributes.idleTimeout },
    AdditionalAttributes: [{ Key: 'elb.http.desyncmitigationmode', Value: attributes.desyncMitigationMode }],
  }
}

/** State, reason code and description as ELB words them. */
function healthState(context: RequestContext, record: LoadBalancerRecord, id: string): sdk.InstanceState {
  const instance = tables.instances.find(context, id)
  const out = (ReasonCode: string, Description: string) => ({
    InstanceId: id,
    State: 'OutOfService',
    ReasonCode,
    Description,
  })
  if (!instance || instance.state === 'terminated') return out('Instance', 'Instance is in terminated state.')
  if (instance.state !== 'running') return out('Instance', `Instance is in ${instance.state} state.`)
  switch (healthOf(context, record.name, id)?.state) {
    case 'in-service':
      return { InstanceId: id, State: 'InService', ReasonCode: 'N/A', Description: 'N/A' }
    case 'failed':
      return out(
        'Instance',
        'Instance has failed at least the UnhealthyThreshold number of health checks consecutively.',
      )
    case 'registering':
      return out('ELB', 'Instance registration is still in progress.')
    default:
      return out('Instance', 'Instance is not currently registered with the LoadBalancer.')
  }
}

export const attributeHandlers: Record<string, Handler> = {
  DescribeLoadBalancerAttributes: (input: sdk.DescribeLoadBalancerAttributesCommandInput, context) => ({
    LoadBalancerAttributes: output(getLoadBalancer(context, input.LoadBalancerName!)),
  }),

  ModifyLoadBalancerAttributes: (input: sdk.ModifyLoadBalancerAttributesCommandInput, context) => {
    const record = getLoadBalancer(context, input.LoadBalancerName!)
    const given = input.LoadBalancerAttributes ?? {}
    const { attributes } = record
    const draining = given.ConnectionDraining
    const desync = given.AdditionalAttributes?.find(
      ({ Key }) => Key === 'elb.http.desyncmitigationmode',
    )?.Value
    putLoadBalancer(context, {
      ...record,
      attributes: {
        crossZone: given.CrossZoneLoadBalancing?.Enabled ?? attributes.crossZone,
        accessLog: { enabled: given.AccessLog?.Enabled ?? attributes.accessLog.enabled },
        connectionDraining: {
          enabled: draining?.Enabled ?? attributes.connectionDraining.enabled,
          timeout: draining?.Timeout ?? attributes.connectionDraining.timeout,
        },
        idleTimeout: given.ConnectionSettings?.IdleTimeout ?? attributes.idleTimeout,
        desyncMitigationMode: desync ?? attributes.desyncMitigationMode,
      },
    })
    return { LoadBalancerName: record.name, LoadBalancerAttributes: given }
  },

  DescribeInstanceHealth: (input: sdk.DescribeInstanceHealthCommandInput, context) => {
    const record = getLoadBalancer(context, input.LoadBalancerName!)
    const asked = input.Instances?.map(({ InstanceId }) => InstanceId!) ?? record.instanceIds
    return { InstanceStates: asked.map((id) => healthState(context, record, id)) }
  },

  DescribeAccountLimits: () => ({
    Limits: [
      { Name: 'classic-load-balancers', Max: String(LIMITS.loadBalancers) },
      { Name: 'classic-listeners', Max: String(LIMITS.listeners) },
      { Name: 'classic-registered-instances', Max: String(LIMITS.registeredInstances) },
    ],
  }),

  DescribeLoadBalancerPolicies: (input: sdk.DescribeLoadBalancerPoliciesCommandInput, context) => ({
    PolicyDescriptions: (input.LoadBalancerName === undefined
      ? []
      : getLoadBalancer(context, input.LoadBalancerName).policies
    ).map(({ name, type, attributes }) => ({
      PolicyName: name,
      PolicyTypeName: type,
      PolicyAttributeDescriptions: attributes.map((one) => ({
        AttributeName: one.name,
        AttributeValue: one.value,
      })),
    })),
  }),
}
