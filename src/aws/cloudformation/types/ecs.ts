import { AwsError } from '../../wire/service.ts'
import type { Properties } from '../records.ts'
import { type Calls, type Order, type ResourceType, without } from './type.ts'

const ecs = (call: Calls, operation: string, input: Record<string, unknown>) => call('ecs', operation, input)
const tags = ({ ownTags }: Order) => ownTags.map(({ Key, Value }) => ({ key: Key, value: Value }))

const cluster: ResourceType = {
  name: 'AWS::ECS::Cluster',
  properties:
    'ClusterName* ClusterSettings Configuration CapacityProviders DefaultCapacityProviderStrategy ServiceConnectDefaults Tags',
  async create(call, p, order) {
    const clusterName = String(p.ClusterName ?? order.name(255))
    await ecs(call, 'CreateCluster', {
      ...without(p, 'ClusterName', 'ClusterSettings', 'Tags'),
      clusterName,
      settings: p.ClusterSettings,
      tags: tags(order),
    })
    return clusterName
  },
  async read(call, name) {
    const { clusters } = await ecs(call, 'DescribeClusters', { clusters: [name] })
    if (clusters[0]?.status !== 'ACTIVE') throw new AwsError('ClusterNotFoundException', 'Cluster not found.')
    return { state: 'ready', attributes: { Arn: clusters[0].clusterArn } }
  },
  async update(call, name, p) {
    if (p.ClusterSettings !== undefined)
      await ecs(call, 'UpdateClusterSettings', { cluster: name, settings: p.ClusterSettings })
    if (p.CapacityProviders !== undefined)
      await ecs(call, 'PutClusterCapacityProviders', {
        cluster: name,
        capacityProviders: p.CapacityProviders,
        defaultCapacityProviderStrategy: p.DefaultCapacityProviderStrategy ?? [],
      })
  },
  remove: (call, name) => ecs(call, 'DeleteCluster', { cluster: name }),
}

const taskDefinition: ResourceType = {
  name: 'AWS::ECS::TaskDefinition',
  properties:
    'Family* ContainerDefinitions* Cpu* Memory* NetworkMode* ExecutionRoleArn* TaskRoleArn* RequiresCompatibilities* RuntimePlatform* Volumes* PlacementConstraints* EphemeralStorage* IpcMode* PidMode* ProxyConfiguration* EnableFaultInjection* Tags',
  async create(call, p, order) {
    const { taskDefinition: made } = await ecs(call, 'RegisterTaskDefinition', {
      ...without(p, 'Family', 'Tags'),
      family: p.Family ?? order.name(255),
      tags: tags(order),
    })
    return made.taskDefinitionArn
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { TaskDefinitionArn: id } }),
  remove: (call, taskDefinition) => ecs(call, 'DeregisterTaskDefinition', { taskDefinition }),
}

const who = (id: string, { Cluster: given = 'default' }: Properties) => ({ cluster: given, service: id })

const service: ResourceType = {
  name: 'AWS::ECS::Service',
  lingers: true,
  properties:
    'ServiceName* Cluster* TaskDefinition DesiredCount LaunchType* CapacityProviderStrategy NetworkConfiguration LoadBalancers DeploymentConfiguration DeploymentController* HealthCheckGracePeriodSeconds PlacementConstraints PlacementStrategies PlatformVersion PropagateTags EnableECSManagedTags EnableExecuteCommand SchedulingStrategy* Role* ServiceRegistries ServiceConnectConfiguration AvailabilityZoneRebalancing VolumeConfigurations Tags',
  async create(call, p, order) {
    const { PlacementStrategies, ...rest } = without(p, 'ServiceName', 'Tags')
    const { service: made } = await ecs(call, 'CreateService', {
      ...rest,
      // CloudFormation takes one where none is said, but for daemons.
      ...(rest.DesiredCount === undefined && rest.SchedulingStrategy !== 'DAEMON' ? { DesiredCount: 1 } : {}),
      ...(PlacementStrategies === undefined ? {} : { placementStrategy: PlacementStrategies }),
      serviceName: p.ServiceName ?? order.name(255),
      clientToken: order.token,
      tags: tags(order),
    })
    return made.serviceArn
  },
  async read(call, id, p) {
    const { cluster: name, service: one } = who(id, p)
    const { services } = await ecs(call, 'DescribeServices', { cluster: name, services: [one] })
    const found = services[0]
    if (!found || found.status === 'INACTIVE')
      throw new AwsError('ServiceNotFoundException', 'Service not found.')
    const primary = found.deployments?.find((each: { status: string }) => each.status === 'PRIMARY')
    if (primary?.rolloutState === 'FAILED')
      return {
        state: 'failed',
        reason: `ECS Deployment Circuit Breaker was triggered. ${primary.rolloutStateReason}`,
      }
    if (found.status !== 'ACTIVE' || found.deployments?.length !== 1 || primary?.rolloutState !== 'COMPLETED')
      return { state: 'pending' }
    return { state: 'ready', attributes: { Name: found.serviceName, ServiceArn: found.serviceArn } }
  },
  update: (call, id, p) =>
    ecs(call, 'UpdateService', {
      ...without(
        p,
        'ServiceName',
        'Cluster',
        'Tags',
        'LaunchType',
        'SchedulingStrategy',
        'DeploymentController',
        'Role',
      ),
      ...who(id, p),
    }),
  remove: (call, id, p) => ecs(call, 'DeleteService', { ...who(id, p), force: true }),
}

const capacityProvider: ResourceType = {
  name: 'AWS::ECS::CapacityProvider',
  properties: 'Name* AutoScalingGroupProvider! Tags',
  async create(call, p, order) {
    const { capacityProvider: made } = await ecs(call, 'CreateCapacityProvider', {
      name: p.Name ?? order.name(255),
      autoScalingGroupProvider: p.AutoScalingGroupProvider,
      tags: tags(order),
    })
    return made.name
  },
  update: (call, name, { AutoScalingGroupProvider }) =>
    ecs(call, 'UpdateCapacityProvider', { name, autoScalingGroupProvider: AutoScalingGroupProvider }),
  remove: (call, capacityProvider) => ecs(call, 'DeleteCapacityProvider', { capacityProvider }),
}

const providerAssociations: ResourceType = {
  name: 'AWS::ECS::ClusterCapacityProviderAssociations',
  properties: 'Cluster!* CapacityProviders! DefaultCapacityProviderStrategy!',
  async create(call, p) {
    await ecs(call, 'PutClusterCapacityProviders', p)
    return String(p.Cluster)
  },
  update: (call, _, p) => ecs(call, 'PutClusterCapacityProviders', p),
  remove: (call, name) =>
    ecs(call, 'PutClusterCapacityProviders', {
      cluster: name,
      capacityProviders: [],
      defaultCapacityProviderStrategy: [],
    }),
}

export const ecsTypes = [cluster, taskDefinition, service, capacityProvider, providerAssociations]
