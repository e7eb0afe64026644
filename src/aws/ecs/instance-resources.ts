import type { Resource, TaskOverride } from '@aws-sdk/client-ecs'
import { instanceTypes, type Scope, tables } from '../ec2/index.ts'
import { RESERVED_PORTS } from './data/instances.ts'
import type { ContainerInstanceRecord, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { definitionByArn, tasksOn } from './tables.ts'

/** What a task takes of a container instance: CPU units, MiB, fixed host ports, a network interface. */
export interface Needs {
  cpu: number
  memory: number
  ports: { port: number; protocol: string }[]
  interface: boolean
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html: the task's own size, or the sum of its containers'. */
export function needsOf({ containers, rest }: TaskDefinitionRecord, overrides: TaskOverride = {}): Needs {
  const override = (name: string | undefined) =>
    overrides.containerOverrides?.find((one) => one.name === name)
  const sum = (of: (container: (typeof containers)[number]) => number) =>
    containers.reduce((total, container) => total + of(container), 0)
  const cpu = overrides.cpu ?? rest.cpu
  const memory = overrides.memory ?? rest.memory
  const ownInterface = rest.networkMode === 'awsvpc'
  return {
    cpu: cpu === undefined ? sum((one) => override(one.name)?.cpu ?? one.cpu ?? 0) : Number(cpu),
    memory:
      memory === undefined
        ? sum((one) => {
            const changed = override(one.name)
            return changed?.memoryReservation ?? one.memoryReservation ?? changed?.memory ?? one.memory ?? 0
          })
        : Number(memory),
    ports: ownInterface
      ? []
      : containers.flatMap(({ portMappings = [] }) =>
          portMappings
            .map(({ containerPort = 0, hostPort, protocol = 'tcp' }) => ({
              port: rest.networkMode === 'host' ? containerPort : (hostPort ?? 0),
              protocol,
            }))
            .filter(({ port }) => port !== 0),
        ),
    interface: ownInterface,
  }
}

export interface Left {
  cpu: number
  memory: number
  /** Taken host ports: `80/tcp`. */
  taken: Set<string>
  interfaces: number
}

/** The host ports that a task holds. */
const boundPorts = (task: TaskRecord) =>
  task.containers.flatMap(({ bindings = [] }) =>
    bindings.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`),
  )

/** What an instance still has for tasks. */
export function leftOf(scope: Scope, instance: ContainerInstanceRecord): Left {
  const left: Left = {
    cpu: instance.cpu,
    memory: instance.memory,
    taken: new Set(RESERVED_PORTS.map((port) => `${port}/tcp`)),
    interfaces: interfaceLimit(scope, instance),
  }
  for (const task of tasksOn(scope, instance)) {
    const definition = definitionByArn(scope, task.definitionArn)
    if (!definition) continue
    const needs = needsOf(definition, task.overrides)
    left.cpu -= needs.cpu
    left.memory -= needs.memory
    if (needs.interface) left.interfaces--
    for (const { port, protocol } of needs.ports) left.taken.add(`${port}/${protocol}`)
    for (const port of boundPorts(task)) left.taken.add(port)
  }
  return left
}

/** Network interfaces for tasks: the type's limit without the instance's own. */
function interfaceLimit(scope: Scope, { machineId }: ContainerInstanceRecord): number {
  const type = tables.instances.find(scope, machineId)?.type
  return (type === undefined ? 1 : (instanceTypes.get(type)?.maxInterfaces ?? 1)) - 1
}

/** Why a task does not fit, in the API's words; undefined when it does. */
export function lacks(left: Left, needs: Needs): string | undefined {
  if (left.cpu < needs.cpu) return 'RESOURCE:CPU'
  if (left.memory < needs.memory) return 'RESOURCE:MEMORY'
  if (needs.ports.some(({ port, protocol }) => left.taken.has(`${port}/${protocol}`))) return 'RESOURCE:PORTS'
  if (needs.interface && left.interfaces < 1) return 'RESOURCE:ENI'
  return undefined
}

/** Resources in the API's shape: all of an instance's, or those that are left. */
export function toResources(cpu: number, memory: number, ports: string[]): Resource[] {
  const number = (name: string, integerValue: number): Resource => ({
    name,
    type: 'INTEGER',
    doubleValue: 0,
    longValue: 0,
    integerValue,
  })
  const set = (name: string, protocol: string): Resource => ({
    name,
    type: 'STRINGSET',
    doubleValue: 0,
    longValue: 0,
    integerValue: 0,
    stringSetValue: ports.filter((port) => port.endsWith(`/${protocol}`)).map((port) => port.split('/')[0]!),
  })
  return [number('CPU', cpu), number('MEMORY', memory), set('PORTS', 'tcp'), set('PORTS_UDP', 'udp')]
}

/** The lowest free port of the range that containers without a fixed host port get. */
export function freeHostPort(taken: Set<string>, protocol: string): number {
  // The kernel's range of ephemeral ports, as Docker takes it.
  for (let port = 32_768; port < 61_000; port++) {
    if (taken.has(`${port}/${protocol}`)) continue
    taken.add(`${port}/${protocol}`)
    return port
  }
  throw new Error('a container instance has no host port left')
}
