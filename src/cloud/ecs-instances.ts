import { type Scope, tables } from '#aws/ec2/index.ts'
import { type ContainerInstanceRecord, containerInstances, type TaskRecord } from '#aws/ecs/index.ts'
import type { Peer, VirtualNetwork } from '#network/virtual-network.ts'

/** A container instance on the network. */
export interface Machine {
  scope: Scope
  instance: ContainerInstanceRecord
  /** Only of EC2. */
  subnetId?: string
  groupIds: string[]
  publicIp?: string
}

/** The container instances of a world as machines with addresses, and the ports that containers publish on them. */
export class ContainerInstances {
  readonly #network: VirtualNetwork
  /** By private address. */
  readonly #machines = new Map<string, { scope: Scope; instance: ContainerInstanceRecord; close(): void }>()
  /** `10.0.0.7:32768` → where the container listens, and whose it is. */
  readonly #published = new Map<string, { task: string; to: Peer }>()
  /** Address on a bridge → the machine's. */
  readonly #bridged = new Map<string, { task: string; machine: string }>()

  constructor(network: VirtualNetwork) {
    this.#network = network
  }

  close(): void {
    for (const { close } of this.#machines.values()) close()
    this.#machines.clear()
  }

  /** Takes over that a container instance has changed or is gone. */
  follow(scope: Scope, instance: ContainerInstanceRecord, present: boolean): void {
    const known = this.#machines.get(instance.address)
    if (present && instance.status !== 'INACTIVE') {
      const close = known?.close ?? this.#network.addAddress(instance.address).close
      this.#machines.set(instance.address, { scope, instance, close })
    } else if (known?.instance.id === instance.id) {
      known.close()
      this.#machines.delete(instance.address)
    }
  }

  /** Takes over the ports of a task: those that it has while it lives. */
  publish(scope: Scope, task: TaskRecord, lives: boolean): void {
    for (const map of [this.#published, this.#bridged])
      for (const [key, { task: owner }] of map) if (owner === task.arn) map.delete(key)
    if (!lives || task.instance === undefined) return
    const machine = containerInstances.find(scope, task.cluster, task.instance)?.address
    if (machine === undefined) return
    for (const { address, bindings = [] } of task.containers) {
      if (address === undefined || address === task.privateIp || address === machine) continue
      this.#bridged.set(address, { task: task.arn, machine })
      for (const { hostPort, containerPort } of bindings)
        this.#published.set(`${machine}:${hostPort}`, {
          task: task.arn,
          to: { address, port: containerPort },
        })
    }
  }

  /** The machine of a private address. */
  at(address: string): Machine | undefined {
    const found = this.#machines.get(address)
    if (!found) return undefined
    const { scope, instance } = found
    const ec2 = instance.kind === 'EC2' ? tables.instances.find(scope, instance.machineId) : undefined
    return {
      scope,
      instance,
      ...(ec2 ? { subnetId: ec2.subnetId, publicIp: ec2.publicIp } : {}),
      groupIds: ec2?.groupIds ?? [],
    }
  }

  /** The machine that a client outside AWS reaches by an address. */
  reachedAs(host: string): Machine | undefined {
    for (const address of this.#machines.keys()) {
      const machine = this.at(address)!
      const outside = machine.instance.kind === 'EXTERNAL' ? address : machine.publicIp
      if (outside === host) return machine
    }
    return undefined
  }

  /** Where a connection to a published port of a machine leads. */
  published({ address, port }: Peer): Peer | undefined {
    return this.#published.get(`${address}:${port}`)?.to
  }

  /** The address that others see: a container on a bridge goes out with its machine's. */
  sourceOf(address: string): string {
    return this.#bridged.get(address)?.machine ?? address
  }
}
