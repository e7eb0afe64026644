import type * as ec2 from '#aws/ec2/records.ts'
import type { RepositoryRecord } from '#aws/ecr/records.ts'
import type {
  ContainerInstanceRecord,
  ClusterRecord as EcsCluster,
  ServiceRecord,
  TaskRecord,
} from '#aws/ecs/records.ts'
import type { ClusterRecord, FargateProfileRecord, NodegroupRecord } from '#aws/eks/records.ts'
import type { LoadBalancerRecord as ClassicBalancer } from '#aws/elb/records.ts'
import type { LoadBalancerRecord } from '#aws/elbv2/records.ts'
import type { Part, PartState } from './part.ts'

/** Makes parts of one record in the store, knowing nothing else: so each change costs the same in a large world. */
export type Projection<T> = (record: T, region: string) => Part[]

const states =
  (good: RegExp, waiting: RegExp, off: RegExp = /^$/) =>
  (status: string): PartState =>
    good.test(status) ? 'good' : waiting.test(status) ? 'waiting' : off.test(status) ? 'off' : 'bad'

const awsState = states(
  /^(ACTIVE|RUNNING|running|available|active)$/,
  /ING$|ing$|^(pending|PENDING)$/,
  /^(INACTIVE|STOPPED|stopped|terminated|deleted|DRAINED)$/,
)

const regionId = (region: string) => `region/${region}`
const named = (id: string, tags: Record<string, string>) => tags.Name ?? id

/** By service and type, as in the store's keys. */
// biome-ignore lint/suspicious/noExplicitAny: each row names the record that its folder holds
export const AWS_PARTS: Record<string, Projection<any>> = {
  'ec2/vpcs': ({ id, tags, isDefault, cidr }: ec2.VpcRecord, region) => [
    {
      id,
      kind: 'vpc',
      parent: regionId(region),
      name: named(isDefault ? 'Default VPC' : id, tags),
      state: 'plain',
      facts: { Id: id, CIDR: cidr },
    },
  ],
  'ec2/subnets': ({ id, tags, vpcId, zone, cidr, mapPublicIp }: ec2.SubnetRecord) => [
    {
      id,
      kind: 'subnet',
      parent: vpcId,
      name: named(zone, tags),
      state: 'plain',
      facts: { Id: id, CIDR: cidr, Zone: zone, 'Public addresses': mapPublicIp ? 'yes' : 'no' },
    },
  ],
  'ec2/internet-gateways': ({ id, tags, vpcId }: ec2.InternetGatewayRecord) =>
    vpcId === undefined
      ? []
      : [{ id, kind: 'internet-gateway', parent: vpcId, name: named(id, tags), state: 'good' }],
  'ec2/nat-gateways': ({ id, tags, subnetId, state, publicIp }: ec2.NatGatewayRecord) => [
    {
      id,
      kind: 'nat-gateway',
      parent: subnetId,
      name: named(id, tags),
      state: awsState(state),
      status: state,
      ...(publicIp && { facts: { 'Public address': publicIp } }),
    },
  ],
  // Those of instances stand for no more than their instance.
  'ec2/network-interfaces': (eni: ec2.NetworkInterfaceRecord) =>
    eni.attachment?.instanceId
      ? []
      : [
          {
            id: eni.id,
            kind: 'network-interface',
            parent: eni.subnetId,
            name: eni.description || eni.id,
            state: eni.attachment ? 'good' : 'off',
            facts: {
              Id: eni.id,
              Address: eni.addresses[0] ?? '',
              ...(eni.publicIp && { 'Public address': eni.publicIp }),
            },
          },
        ],
  'ec2/instances': (instance: ec2.InstanceRecord) => [
    {
      id: instance.id,
      kind: 'instance',
      parent: instance.subnetId,
      name: named(instance.id, instance.tags),
      state: awsState(instance.state),
      status: instance.state,
      facts: { Id: instance.id, Type: instance.type, Address: instance.privateIp },
    },
  ],
  'elb/load-balancers': (balancer: ClassicBalancer) => [
    {
      id: `elb/${balancer.name}`,
      kind: 'load-balancer',
      parent: balancer.vpcId,
      name: balancer.name,
      state: 'good',
      facts: { Type: 'classic', Scheme: balancer.scheme, Name: balancer.dnsName },
      links: [...balancer.networkInterfaceIds, ...balancer.instanceIds],
    },
  ],
  'elbv2/load-balancers': (balancer: LoadBalancerRecord) => [
    {
      id: balancer.arn,
      kind: 'load-balancer',
      parent: balancer.vpcId,
      name: balancer.name,
      state: awsState(balancer.state),
      status: balancer.state,
      facts: { Type: balancer.type, Scheme: balancer.scheme, Name: balancer.dnsName },
      links: balancer.mappings.map(({ networkInterfaceId }) => networkInterfaceId),
    },
  ],
  'eks/clusters': (cluster: ClusterRecord, region) => [
    {
      id: `aws-vpc/${cluster.uid}`,
      kind: 'aws-vpc',
      parent: regionId(region),
      name: `AWS’s VPC for ${cluster.name}`,
      state: 'plain',
    },
    {
      id: eksId(region, cluster.name),
      kind: 'eks-cluster',
      parent: `aws-vpc/${cluster.uid}`,
      name: cluster.name,
      state: awsState(cluster.status),
      status: cluster.status,
      facts: { Version: cluster.version, Platform: cluster.platformVersion },
      links: cluster.networkInterfaceIds,
    },
    {
      id: `kubernetes/${cluster.uid}`,
      kind: 'kubernetes',
      parent: eksId(region, cluster.name),
      name: `Kubernetes ${cluster.version}`,
      state: awsState(cluster.status),
    },
  ],
  'eks/nodegroups': (group: NodegroupRecord, region) => [
    {
      id: `${eksId(region, group.clusterName)}/nodegroup/${group.name}`,
      kind: 'nodegroup',
      parent: eksId(region, group.clusterName),
      name: group.name,
      state: awsState(group.status),
      status: group.status,
      facts: {
        Wanted: String(group.scaling.desiredSize),
        Types: group.instanceTypes.join(', '),
        ...(group.issues[0] && { Issue: group.issues[0].message }),
      },
    },
  ],
  'eks/fargate-profiles': (profile: FargateProfileRecord, region) => [
    {
      id: `${eksId(region, profile.clusterName)}/fargate-profile/${profile.name}`,
      kind: 'fargate-profile',
      parent: eksId(region, profile.clusterName),
      name: profile.name,
      state: awsState(profile.status),
      status: profile.status,
    },
  ],
  'ecs/clusters': (cluster: EcsCluster, region) => [
    {
      id: ecsId(region, cluster.name),
      kind: 'ecs-cluster',
      parent: regionId(region),
      name: cluster.name,
      state: awsState(cluster.status),
      status: cluster.status,
    },
  ],
  'ecs/container-instances': (instance: ContainerInstanceRecord, region) => [
    {
      id: instance.arn,
      kind: 'container-instance',
      parent: ecsId(region, instance.cluster),
      name: instance.machineId,
      ...(instance.agentConnected || instance.status === 'INACTIVE'
        ? { state: awsState(instance.status), status: instance.status }
        : { state: 'bad', status: 'agent disconnected' }),
      links: [instance.machineId],
    },
  ],
  'ecs/services': (service: ServiceRecord, region) => [
    {
      id: `${ecsId(region, service.cluster)}/service/${service.name}`,
      kind: 'ecs-service',
      parent: ecsId(region, service.cluster),
      name: service.name,
      state:
        service.status === 'ACTIVE'
          ? service.deployments.some(({ rolloutState }) => rolloutState === 'FAILED')
            ? 'bad'
            : service.steady
              ? 'good'
              : 'waiting'
          : awsState(service.status),
      status: service.status,
      facts: {
        Wanted: String(service.desiredCount),
        ...(service.events[0] && { Event: service.events[0].message }),
      },
    },
  ],
  'ecs/tasks': (task: TaskRecord, region) => [
    {
      id: task.arn,
      kind: 'ecs-task',
      parent: ecsId(region, task.cluster) + (task.service ? `/service/${task.service}` : ''),
      name: task.id.slice(0, 8),
      state:
        task.stoppedReason &&
        task.stopCode !== 'ServiceSchedulerInitiated' &&
        task.stopCode !== 'UserInitiated'
          ? 'bad'
          : awsState(task.lastStatus),
      status: task.lastStatus,
      facts: {
        Launch: task.launchType,
        ...(task.privateIp && { Address: task.privateIp }),
        ...(task.stoppedReason && { Reason: task.stoppedReason }),
      },
      links: [task.networkInterfaceId, task.instance].filter((id) => id !== undefined),
    },
  ],
  'ecr/repositories': (repository: RepositoryRecord, region) => [
    {
      id: `repository/${repository.uri}`,
      kind: 'repository',
      parent: `ecr/${region}`,
      name: repository.name,
      state: 'plain',
      facts: { Tags: repository.tagMutability.toLowerCase() },
    },
  ],
}

const eksId = (region: string, name: string) => `eks/${region}/${name}`
const ecsId = (region: string, name: string) => `ecs/${region}/${name}`
