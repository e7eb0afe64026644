import { interfaceAt } from '#aws/ec2/address-holder.ts'
import { internetPath, type Scope, scopeOfKey, tables } from '#aws/ec2/index.ts'
import { serviceController, type TaskRecord, taskController, tasks } from '#aws/ecs/index.ts'
import { admits } from '#aws/elb/paths.ts'
import type { ImagePuller } from '#containers/image.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import type { HostTable, TcpHost } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { ConnectError, type Peer, type VirtualNetwork } from '#network/virtual-network.ts'
import type { StoreEvent } from '#world/store.ts'
import type { World } from '#world/world.ts'
import { EcsRunner } from './ecs-runner.ts'

export interface EcsTasksOptions {
  world: World
  accountId: string
  network: VirtualNetwork
  runtime: ContainerRuntime
  images: ImagePuller
  /** Resolves names as seen from a task; undefined: NXDOMAIN. */
  lookup(name: string): string | undefined
}

const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\//

interface Placed {
  scope: Scope
  task: TaskRecord
}

/** The Fargate of a world: runs the tasks of its ECS clusters, and lets in to them whom their security groups let in. */
export class EcsTasks implements HostTable {
  readonly #options: EcsTasksOptions
  readonly #runner: EcsRunner
  /** Private address → the task that has it, as the store says. */
  readonly #byAddress = new Map<string, Placed>()
  readonly #running: { stop(): void }[] = []

  constructor(options: EcsTasksOptions) {
    this.#options = options
    this.#runner = new EcsRunner({ clock: options.world.clock, ...options })
  }

  start(): void {
    const { world, accountId, network } = this.#options
    const follow = ({ type, key, entry }: Pick<StoreEvent, 'type' | 'key' | 'entry'>) => {
      if (!TASK_KEY.test(key)) return
      const task = entry.value as TaskRecord
      if (task.privateIp === undefined) return
      const holder = this.#byAddress.get(task.privateIp)?.task.arn
      const present = type === 'put' && task.lastStatus !== 'STOPPED'
      if (present) this.#byAddress.set(task.privateIp, { scope: scopeOfKey(world, key), task })
      else if (holder === task.arn) this.#byAddress.delete(task.privateIp)
    }
    const prefix = `aws/${accountId}/`
    for (const entry of world.store.list(prefix).entries) follow({ type: 'put', key: entry.key, entry })
    const watch = world.store.watch(prefix, follow)
    const route = network.addRoute({ resolve: (from, to) => this.#guard(from, to) })
    const controller = world.controllers.start(taskController(world, this.#runner))
    this.#runner.onChange((task) => {
      const scope = this.#byAddress.get(task.privateIp ?? '')?.scope
      if (scope) controller.enqueue(tasks.key(scope, task.cluster, task.id))
    })
    const scheduler = world.controllers.start(serviceController(world))
    this.#running.push(controller, scheduler, { stop: () => watch.close() }, { stop: () => route.close() })
  }

  stop(): void {
    for (const one of this.#running.splice(0)) one.stop()
    this.#runner.close()
  }

  /** The public addresses of tasks. */
  resolve(host: string, port: number): TcpHost | undefined {
    if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(host)) return undefined
    for (const { scope, task } of this.#byAddress.values()) {
      const eni = task.networkInterfaceId && tables.networkInterfaces.find(scope, task.networkInterfaceId)
      if (!eni || eni.publicIp !== host) continue
      return { kind: 'tcp', connect: () => this.#fromInternet(scope, task, host, port) }
    }
    return undefined
  }

  #fromInternet(scope: Scope, task: TaskRecord, host: string, port: number) {
    const subnet = tables.subnets.get(scope, task.subnetId)
    if (internetPath(scope, subnet) !== 'internet-gateway') throw new ConnectError('ETIMEDOUT', host, port)
    const from = { address: LAB_ADDRESS, port: 10_000 + scope.world.ids.number(50_000) }
    return this.#options.network.connect({ address: task.privateIp!, port }, from)
  }

  /** Packets that a task's security groups do not let in go unanswered. */
  #guard(from: Peer, to: Peer): undefined {
    const placed = this.#byAddress.get(to.address)
    if (!placed || from.address === to.address || from.address.startsWith('127.')) return undefined
    const { scope, task } = placed
    const { vpcId } = tables.subnets.get(scope, task.subnetId)
    const groupIds = interfaceAt(scope, vpcId, from.address)?.groupIds ?? []
    if (!admits(scope, task.network.securityGroups, { address: from.address, groupIds }, to.port))
      throw new ConnectError('ETIMEDOUT', to.address, to.port)
    return undefined
  }
}
