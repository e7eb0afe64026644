import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { findGroup, type GroupRecord, launchSpec } from '../autoscaling/index.ts'
import { putGroup } from '../autoscaling/tables.ts'
import { instanceTypes, type Scope, scopeOfKey } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { registeredMemory } from './data/instances.ts'
import { needsOf } from './instance-resources.ts'
import type { CapacityProviderRecord, ContainerInstanceRecord, TaskRecord } from './records.ts'
import { capacityProviders, clusters, containerInstances, definitionByArn, tasks, tasksOn } from './tables.ts'

const PROVIDER_KEY = /^aws\/\d+\/[^/]+\/ecs\/capacity-providers\/([^/]+)$/
const OTHER_KEY = /^aws\/\d+\/[^/]+\/(?:ecs\/(?:tasks|container-instances|clusters)|autoscaling\/groups)\//
/** A group shrinks after its reservation was below the target for fifteen minutes: the alarm's datapoints. */
const SCALE_IN_AFTER_MS = 900_000

/**
 * Managed scaling: sizes the Auto Scaling groups of capacity providers by what their tasks need.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/managed-scaling-behavior.html
 */
export function capacityProviderController(world: World): Controller {
  return {
    name: 'ecs-capacity-providers',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key }) => {
          if (PROVIDER_KEY.test(key)) return [key]
          if (!OTHER_KEY.test(key)) return []
          const scope = scopeOfKey(world, key)
          return capacityProviders.list(scope).map(({ name }) => capacityProviders.key(scope, name))
        },
      },
    ],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const provider = capacityProviders.find(scope, PROVIDER_KEY.exec(key)![1]!)
      const group = provider && findGroup(scope, provider.groupName)
      if (!provider || !group || group.deleting) return undefined
      if (provider.scaling.status !== 'ENABLED') return undefined
      return resize(scope, provider, protect(scope, provider, group))
    },
  }
}

const own = (scope: Scope, { name }: CapacityProviderRecord): ContainerInstanceRecord[] =>
  containerInstances
    .list(scope)
    .filter(({ capacityProvider, status }) => capacityProvider === name && status === 'ACTIVE')

const isBusy = (scope: Scope, instance: ContainerInstanceRecord): boolean =>
  tasksOn(scope, instance).some(({ desiredStatus }) => desiredStatus === 'RUNNING')

/** Managed termination protection: instances with tasks are not scaled in. */
function protect(scope: Scope, provider: CapacityProviderRecord, group: GroupRecord): GroupRecord {
  if (provider.terminationProtection !== 'ENABLED') return group
  const busy = new Set(
    own(scope, provider)
      .filter((one) => isBusy(scope, one))
      .map(({ machineId }) => machineId),
  )
  const registered = new Set(own(scope, provider).map(({ machineId }) => machineId))
  const wanted = (id: string) => !registered.has(id) || busy.has(id)
  if (group.instances.every((one) => one.protected === wanted(one.id))) return group
  const instances = group.instances.map((one) => ({ ...one, protected: wanted(one.id) }))
  return putGroup(scope, { ...group, instances })
}

function resize(scope: Scope, provider: CapacityProviderRecord, group: GroupRecord): Result | undefined {
  const { targetCapacity, maximumScalingStepSize } = provider.scaling
  const instances = own(scope, provider)
  const busy = instances.filter((one) => isBusy(scope, one)).length
  const waiting = tasks
    .list(scope)
    .filter(
      (task) =>
        task.capacityProvider === provider.name &&
        task.instance === undefined &&
        task.lastStatus === 'PROVISIONING' &&
        task.desiredStatus === 'RUNNING',
    )
  const needed =
    waiting.length > 0
      ? instances.length + Math.min(machinesFor(scope, group, waiting), maximumScalingStepSize)
      : busy
  const ideal = Math.ceil((needed * 100) / targetCapacity)
  const desired = Math.min(Math.max(ideal, group.minSize), group.maxSize)
  const now = scope.world.clock.now()
  if (desired > group.desired) change(scope, group, desired, provider)
  if (desired >= group.desired) return void note(scope, provider, undefined)
  const since = provider.spareSince ?? now
  const left = since + scope.world.provisioningTime(SCALE_IN_AFTER_MS) - now
  if (left > 0) {
    note(scope, provider, since)
    return { requeueAfterMs: left }
  }
  note(scope, provider, undefined)
  change(scope, group, desired, provider)
  return undefined
}

function note(scope: Scope, provider: CapacityProviderRecord, spareSince: number | undefined): void {
  if (provider.spareSince === spareSince) return
  const { spareSince: _before, ...rest } = provider
  capacityProviders.put(scope, spareSince === undefined ? rest : { ...rest, spareSince })
}

/** How many machines of the group's type the waiting tasks would fill. */
function machinesFor(scope: Scope, group: GroupRecord, waiting: TaskRecord[]): number {
  let type: string
  try {
    type = launchSpec(scope, group.launch).type
  } catch (error) {
    if (error instanceof AwsError) return 0
    throw error
  }
  const info = instanceTypes.get(type)
  if (!info) return 0
  const machines: { cpu: number; memory: number; interfaces: number; ports: Set<string> }[] = []
  for (const task of waiting) {
    const definition = definitionByArn(scope, task.definitionArn)
    if (!definition) continue
    const { cpu, memory, ports, interface: needsInterface } = needsOf(definition, task.overrides)
    const keys = ports.map(({ port, protocol }) => `${port}/${protocol}`)
    const fits = (one: (typeof machines)[number]) =>
      one.cpu >= cpu &&
      one.memory >= memory &&
      (!needsInterface || one.interfaces > 0) &&
      !keys.some((key) => one.ports.has(key))
    let machine = machines.find(fits)
    if (!machine) {
      machine = {
        cpu: info.vcpus * 1024,
        memory: registeredMemory(info.memoryMiB),
        interfaces: info.maxInterfaces - 1,
        ports: new Set(),
      }
      // A task that fits no machine of this type makes the group no larger.
      if (!fits(machine)) continue
      machines.push(machine)
    }
    machine.cpu -= cpu
    machine.memory -= memory
    if (needsInterface) machine.interfaces--
    for (const key of keys) machine.ports.add(key)
  }
  return machines.length
}

function change(
  scope: Scope,
  group: GroupRecord,
  desired: number,
  { name, groupName }: CapacityProviderRecord,
): void {
  const alarm = `TargetTracking-${groupName}-Alarm${desired > group.desired ? 'High' : 'Low'}-${name}`
  const policy = clusters
    .list(scope)
    .flatMap(({ attachments = [] }) => attachments)
    .find(({ provider, type }) => provider === name && type === 'as_policy')?.name
  const cause = `a monitor alarm ${alarm} in state ALARM triggered policy ${policy ?? name} changing the desired capacity from ${group.desired} to ${desired}.`
  putGroup(scope, { ...group, desired, cause })
}
