import { endAt, namesIn, reach, type Scope, scopeOfKey, tables } from '#aws/ec2/index.ts'
import {
  behindProxy,
  type ContainerInstanceRecord,
  capacityProviderController,
  containerInstanceController,
  definitionByArn,
  instanceOf,
  isProxyAddress,
  needsOf,
  proxyAddress,
  serviceController,
  type TaskRecord,
  taskController,
  tasks,
} from '#aws/ecs/index.ts'
import { addressInVpc } from '#aws/servicediscovery/index.ts'
import type { ImagePuller } from '#containers/image.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { HostTable, TcpHost } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { ConnectError, type Peer, type VirtualNetwork } from '#network/virtual-network.ts'
import type { StoreEvent } from '#world/store.ts'
import type { World } from '#world/world.ts'
import { ContainerInstances } from './ecs-instances.ts'
import { type Placed, TaskMetadata } from './ecs-metadata.ts'
import { EcsRunner } from './ecs-runner.ts'
import type { EfsFiles } from './efs-files.ts'
import type { FlowRecorder } from './flow-recorder.ts'

export interface EcsTasksOptions {
  world: World
  network: VirtualNetwork
  runtime: ContainerRuntime
  images: ImagePuller
  files: EfsFiles
  /** Resolves names as seen from a task; undefined: NXDOMAIN. */
  lookup(name: string): string | undefined
  flows: FlowRecorder
}

const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\//
const INSTANCE_KEY = /^aws\/\d+\/[^/]+\/ecs\/container-instances\//

/** The machines under ECS: runs the tasks of its clusters, and lets in to them whom their security groups let in. */
export class EcsTasks implements HostTable {
  readonly #options: EcsTasksOptions
  readonly #runner: EcsRunner
  readonly #instances: ContainerInstances
  readonly #metadata: TaskMetadata
  /** Private address of an interface → the task that has it, as the store says. */
  readonly #byAddress = new Map<string, Placed>()
  /** The tasks that have not stopped, by ARN. */
  readonly #living = new Map<string, Placed>()
  readonly #running: { stop(): void }[] = []

  constructor(options: EcsTasksOptions) {
    this.#options = options
    this.#runner = new EcsRunner({
      clock: options.world.clock,
      ...options,
      lookup: (name, scope, task) => this.#lookup(name, scope, task),
    })
    this.#instances = new ContainerInstances(options.network)
    this.#metadata = new TaskMetadata(
      options.world,
      () => this.living(),
      (task, name) => this.#runner.usage(task, name),
    )
  }

  /** As a task sees names: first those of its Service Connect proxy, then those of its VPC, then everybody's. */
  #lookup(name: string, scope: Scope, task: TaskRecord): string | undefined {
    const vpcId = vpcOf(scope, task)
    const proxied = proxyAddress(scope, task, name)
    if (proxied !== undefined || vpcId === undefined) return proxied ?? this.#options.lookup(name)
    const names = namesIn(scope, vpcId)
    if (names === 'none') return undefined
    return (names === 'vpc' ? addressInVpc(scope, vpcId, name) : undefined) ?? this.#options.lookup(name)
  }

  /** Present use of a container; undefined when it does not run. */
  usage(task: TaskRecord, container: string) {
    return this.#runner.usage(task, container)
  }

  /** Starts a process with a terminal in a container. Throws StartError. */
  interactive(task: TaskRecord, container: string, command: string[]) {
    return this.#runner.interactive(task, container, command)
  }

  /** The CPU units and MiB that a task reserves. */
  reserved(scope: Scope, task: TaskRecord): { cpu: number; memory: number } {
    const definition = definitionByArn(scope, task.definitionArn)
    return definition ? needsOf(definition, task.overrides) : { cpu: 0, memory: 0 }
  }

  /** The tasks that have not stopped. */
  living(): Iterable<Placed> {
    return this.#living.values()
  }

  start(): void {
    const { world, network } = this.#options
    const follow = ({ type, key, entry }: Pick<StoreEvent, 'type' | 'key' | 'entry'>) => {
      if (INSTANCE_KEY.test(key)) {
        const record = entry.value as ContainerInstanceRecord
        this.#instances.follow(scopeOfKey(world, key), record, type === 'put')
      } else if (TASK_KEY.test(key)) this.#followTask(key, entry.value as TaskRecord, type === 'put')
    }
    const present = world.store.list('aws/').entries
    for (const entry of present) follow({ type: 'put', key: entry.key, entry })
    const watch = world.store.watch('aws/', follow)
    const route = network.addRoute({ resolve: (from, to) => this.#route(from, to) })
    const metadata = this.#metadata.listen(network)
    const controller = world.controllers.start(taskController(world, this.#runner))
    this.#runner.onChange((scope, task) => controller.enqueue(tasks.key(scope, task.cluster, task.id)))
    const others = [serviceController, containerInstanceController, capacityProviderController].map((make) =>
      world.controllers.start(make(world)),
    )
    const closing = [watch, route, metadata, this.#instances].map((one) => ({ stop: () => one.close() }))
    this.#running.push(controller, ...others, ...closing)
  }

  stop(): void {
    for (const one of this.#running.splice(0)) one.stop()
    this.#runner.close()
  }

  #followTask(key: string, task: TaskRecord, present: boolean): void {
    const scope = scopeOfKey(this.#options.world, key)
    const lives = present && task.lastStatus !== 'STOPPED'
    if (lives) this.#living.set(task.arn, { scope, task })
    else this.#living.delete(task.arn)
    this.#instances.publish(scope, task, lives)
    if (task.privateIp === undefined) return
    const holder = this.#byAddress.get(task.privateIp)?.task.arn
    if (lives) this.#byAddress.set(task.privateIp, { scope, task })
    else if (holder === task.arn) this.#byAddress.delete(task.privateIp)
  }

  /** The public addresses of tasks and of container instances, and the addresses of machines outside AWS. */
  resolve(host: string, port: number): TcpHost | undefined {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined
    for (const { scope, task } of this.#byAddress.values()) {
      const eni = task.networkInterfaceId && tables.networkInterfaces.find(scope, task.networkInterfaceId)
      if (!eni || eni.publicIp !== host) continue
      return {
        kind: 'tcp',
        connect: () => this.#fromInternet(scope, task.subnetId!, task.privateIp!, host, port),
      }
    }
    const machine = this.#instances.reachedAs(host)
    if (!machine) return undefined
    const { scope, instance, subnetId } = machine
    return {
      kind: 'tcp',
      connect: () =>
        subnetId === undefined
          ? this.#options.network.connect({ address: instance.address, port })
          : this.#fromInternet(scope, subnetId, instance.address, host, port),
    }
  }

  #fromInternet(scope: Scope, subnetId: string, address: string, host: string, port: number) {
    const { vpcId } = tables.subnets.get(scope, subnetId)
    const to = endAt(scope.world, address, vpcId)
    const from = { address: LAB_ADDRESS, port: 10_000 + scope.world.ids.number(50_000) }
    const path = to && reach(scope.world, { address: LAB_ADDRESS }, to, { port })
    if (path)
      this.#options.flows.note({
        from: { peer: from },
        to: { peer: { address, port }, end: to },
        protocol: 'TCP',
        path,
      })
    if (!path?.open) throw new ConnectError('ETIMEDOUT', host, port)
    return this.#options.network.connect({ address, port }, from)
  }

  /** Where a proxy of Service Connect and published ports lead; whether the packets get there is the VPCs' to say. */
  #route(from: Peer, to: Peer): Peer | undefined {
    if (isProxyAddress(to.address)) return this.#behindProxy(from, to)
    return this.#instances.at(to.address) ? this.#instances.published(to) : undefined
  }

  #behindProxy(from: Peer, to: Peer): Peer {
    const owner =
      this.#byAddress.get(from.address) ??
      [...this.living()].find(({ task }) => task.containers.some(({ address }) => address === from.address))
    const found = owner && behindProxy(owner.scope, owner.task, to.address, to.port)
    const chosen = found?.[this.#options.world.ids.number(Math.max(1, found.length))]
    if (!chosen) throw new ConnectError('ECONNREFUSED', to.address, to.port)
    return chosen
  }

  /** The machine whose address others see and whose groups admit: a container on a bridge has its instance's. */
  machineOf(address: string): string {
    return this.#instances.sourceOf(address)
  }
}

/** The VPC that a task's packets are in, if any. */
function vpcOf(scope: Scope, task: TaskRecord): string | undefined {
  const machine = tables.instances.find(scope, instanceOf(scope, task)?.machineId ?? '')
  return tables.subnets.find(scope, task.subnetId ?? '')?.vpcId ?? machine?.vpcId
}
