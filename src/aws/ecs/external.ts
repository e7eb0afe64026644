import type { Scope } from '../ec2/index.ts'
import { roleMay } from '../iam/identity.ts'
import { managedInstances, registerManagedInstance } from '../ssm/index.ts'
import { AwsError } from '../wire/service.ts'
import { CAPABILITIES, EC2_ONLY } from './data/instances.ts'
import { clusterOf, ecsArn } from './names.ts'
import type { ContainerInstanceRecord } from './records.ts'
import { containerInstances } from './tables.ts'

/** The size of every machine outside AWS: two processors and 4 GiB. */
const SIZE = { cpu: 2048, memory: 3884 }
/** Their network at home. */
const NETWORK = '192.168.10'

export interface ExternalMachine {
  activationId: string
  code: string
  cluster: string
  hostname: string
}

/**
 * Makes a machine outside AWS a container instance: it registers with Systems Manager by its activation, and its agent with the
 * cluster by the activation's role. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-anywhere-registration.html
 * Throws Systems Manager's and ECS's errors.
 */
export function registerExternal(scope: Scope, machine: ExternalMachine): ContainerInstanceRecord {
  const cluster = clusterOf(scope, machine.cluster)
  const { activationId, code, hostname: computerName } = machine
  const managed = registerManagedInstance(scope, {
    activationId,
    code,
    computerName,
    address: freeAddress(scope),
  })
  const role = managed.role.startsWith('arn:')
    ? managed.role
    : `arn:aws:iam::${scope.accountId}:role/${managed.role}`
  const decision = roleMay(scope.world, role, 'ecs:RegisterContainerInstance', cluster.arn)
  if (!decision.allowed)
    throw new AwsError(
      'AccessDeniedException',
      `User: arn:aws:sts::${scope.accountId}:assumed-role/${role.split('/').at(-1)}/${managed.id} is not authorized to perform: ecs:RegisterContainerInstance on resource: ${cluster.arn} ${decision.reason ?? ''}`.trimEnd(),
    )
  const id = scope.world.ids.hex(32)
  return containerInstances.put(scope, {
    id,
    arn: ecsArn(scope, `container-instance/${cluster.name}/${id}`),
    cluster: cluster.name,
    kind: 'EXTERNAL',
    machineId: managed.id,
    address: managed.address,
    status: 'ACTIVE',
    agentConnected: true,
    ...SIZE,
    attributes: [
      ...CAPABILITIES.filter((name) => !EC2_ONLY.includes(name)).map((name) => ({ name })),
      { name: 'ecs.capability.external' },
      { name: 'ecs.cpu-architecture', value: 'x86_64' },
      { name: 'ecs.os-family', value: 'LINUX' },
      { name: 'ecs.os-type', value: 'linux' },
    ],
    version: 1,
    registeredAt: scope.world.clock.now(),
    tags: managed.tags,
  })
}

function freeAddress(scope: Scope): string {
  const taken = new Set(managedInstances.list(scope).map(({ address }) => address))
  for (let number = 10; ; number++) {
    const address = `${NETWORK}.${number}`
    if (!taken.has(address)) return address
  }
}
