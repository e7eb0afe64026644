import {
  type InstanceRecord,
  instanceTypes,
  internetPath,
  type Scope,
  systemOf,
  tables,
} from '../ec2/index.ts'
import { roleMay, roleOfProfile } from '../iam/identity.ts'
import { CAPABILITIES, registeredMemory } from './data/instances.ts'
import { ecsArn } from './names.ts'
import type { ContainerInstanceRecord, Tags } from './records.ts'

/** What an agent is told in `/etc/ecs/ecs.config`: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html */
export interface AgentConfig {
  cluster: string
  attributes: Record<string, string>
  tags: Tags
  tagsFromInstance: boolean
}

/** The agent's configuration on an instance; undefined when no agent runs there. */
export function agentConfig(scope: Scope, instance: InstanceRecord): AgentConfig | undefined {
  const userData = Buffer.from(instance.userData ?? '', 'base64').toString()
  if (!hasAgent(systemOf(scope, instance), userData)) return undefined
  const value = (name: string) =>
    new RegExp(`^[^#\\n]*\\b${name}=(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\s"';]+))`, 'm')
      .exec(userData)
      ?.slice(1)
      .find((part) => part !== undefined)
  return {
    cluster: value('ECS_CLUSTER') ?? 'default',
    attributes: json(userData, 'ECS_INSTANCE_ATTRIBUTES'),
    tags: json(userData, 'ECS_CONTAINER_INSTANCE_TAGS'),
    tagsFromInstance: value('ECS_CONTAINER_INSTANCE_PROPAGATE_TAGS_FROM') === 'ec2_instance',
  }
}

/** The ECS-optimized images bring the agent; on others user data may install it. */
const hasAgent = (system: string | undefined, userData: string): boolean =>
  system?.includes('-ecs-') || /\becs-init\b/.test(userData)

function json(userData: string, name: string): Record<string, string> {
  const text = new RegExp(`\\b${name}=['"]?(\\{[^\\n]*\\})`).exec(userData)?.[1]
  try {
    return text === undefined ? {} : JSON.parse(text)
  } catch {
    return {}
  }
}

/** Whether the instance's role and network let its agent register with the cluster. */
export function mayRegister(scope: Scope, instance: InstanceRecord, clusterName: string): boolean {
  const role = roleOfProfile(scope, instance.profile?.arn)
  if (role === undefined) return false
  const path = internetPath(scope, { id: instance.subnetId, vpcId: instance.vpcId })
  if (path !== 'nat' && !(path === 'internet-gateway' && instance.publicIp)) return false
  const cluster = ecsArn(scope, `cluster/${clusterName}`)
  return roleMay(scope.world, role, 'ecs:RegisterContainerInstance', cluster).allowed
}

/** A container instance as its agent registers it. */
export function registrationOf(
  scope: Scope,
  instance: InstanceRecord,
  config: AgentConfig,
  capacityProvider: string | undefined,
): ContainerInstanceRecord {
  const type = instanceTypes.get(instance.type)!
  const id = scope.world.ids.hex(32)
  const known: Record<string, string> = {
    'ecs.ami-id': instance.imageId,
    'ecs.availability-zone': instance.zone,
    'ecs.cpu-architecture': type.architecture,
    'ecs.instance-type': instance.type,
    'ecs.os-family': 'LINUX',
    'ecs.os-type': 'linux',
    'ecs.subnet-id': instance.subnetId,
    'ecs.vpc-id': instance.vpcId,
    ...config.attributes,
  }
  return {
    id,
    arn: ecsArn(scope, `container-instance/${config.cluster}/${id}`),
    cluster: config.cluster,
    kind: 'EC2',
    machineId: instance.id,
    address: instance.privateIp,
    zone: tables.subnets.find(scope, instance.subnetId)?.zone ?? instance.zone,
    status: 'ACTIVE',
    agentConnected: true,
    cpu: type.vcpus * 1024,
    memory: registeredMemory(type.memoryMiB),
    attributes: [
      ...CAPABILITIES.map((name) => ({ name })),
      ...Object.entries(known).map(([name, value]) => ({ name, value })),
    ],
    ...(capacityProvider === undefined ? {} : { capacityProvider }),
    version: 1,
    registeredAt: scope.world.clock.now(),
    tags: { ...(config.tagsFromInstance ? instance.tags : {}), ...config.tags },
  }
}
