import type { Scope } from '../ec2/index.ts'
import { HealthLoop } from './container-health.ts'
import { freeHostPort, leftOf } from './instance-resources.ts'
import type { ContainerRecord, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { type TaskRunner, TaskStartError } from './runner.ts'
import { tasks } from './tables.ts'
import { instanceOf } from './task-network.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html: stopTimeout on Fargate. */
const STOP_TIMEOUT_S = 30
/** Addresses of containers in the mode `bridge`: the upper half of Docker's block; the lower one is the world's Docker Engine's. */
const BRIDGE = '172.17'

/** The containers of one task: started in their order, watched, ended. */
export class TaskContainers {
  readonly #scope: Scope
  readonly #runner: TaskRunner
  readonly #health: Map<string, HealthLoop>
  readonly #definition: TaskDefinitionRecord
  readonly #key: Pick<TaskRecord, 'cluster' | 'id'>

  constructor(
    scope: Scope,
    runner: TaskRunner,
    health: Map<string, HealthLoop>,
    definition: TaskDefinitionRecord,
    task: TaskRecord,
  ) {
    this.#scope = scope
    this.#runner = runner
    this.#health = health
    this.#definition = definition
    this.#key = { cluster: task.cluster, id: task.id }
  }

  get #task(): TaskRecord {
    return tasks.find(this.#scope, this.#key.cluster, this.#key.id)!
  }

  #definitionOf(name: string) {
    return this.#definition.containers.find((one) => one.name === name)
  }

  #isEssential(name: string): boolean {
    return this.#definitionOf(name)?.essential ?? true
  }

  #change(name: string, fields: Partial<ContainerRecord>): void {
    const task = this.#task
    const containers = task.containers.map((one) => (one.name === name ? { ...one, ...fields } : one))
    tasks.put(this.#scope, { ...task, containers, version: task.version + 1 })
  }

  /** Starts the containers whose dependencies hold; gives whether all have been started. Throws TaskStartError. */
  async startDue(): Promise<boolean> {
    this.observe()
    const task = this.#task
    for (const { name, lastStatus } of task.containers)
      if (lastStatus === 'PENDING' && this.#dependenciesHold(task, name)) await this.#start(name)
    const after = this.#task
    return !this.essentialEnded(after) && after.containers.every(({ lastStatus }) => lastStatus !== 'PENDING')
  }

  async #start(name: string): Promise<void> {
    this.#place(name)
    await this.#runner.start(this.#scope, this.#task, this.#definition, name)
    this.#change(name, { lastStatus: 'RUNNING', runtimeId: this.#runtimeId() })
    this.watchHealth(name)
  }

  #runtimeId(): string {
    const { id, launchType } = this.#task
    const { ids } = this.#scope.world
    return launchType === 'FARGATE' ? `${id}-${ids.number(4_000_000_000)}` : ids.hex(64)
  }

  /** Where a container listens: the task's interface, its instance, or an address of the instance's bridge with ports. */
  #place(name: string): void {
    const task = this.#task
    const mode = this.#definition.rest.networkMode ?? 'bridge'
    const instance = instanceOf(this.#scope, task)
    if (task.privateIp !== undefined || !instance) return this.#change(name, { address: task.privateIp })
    const mappings = (this.#definitionOf(name)?.portMappings ?? []).map(
      ({ containerPort = 0, hostPort = 0, protocol = 'tcp' }) => ({ containerPort, hostPort, protocol }),
    )
    if (mode === 'host') {
      const bindings = mappings.map((one) => ({ ...one, hostPort: one.containerPort }))
      return this.#change(name, { address: instance.address, bindings })
    }
    const { taken } = leftOf(this.#scope, instance)
    const bindings = mappings.map((one) => ({
      ...one,
      hostPort: one.hostPort === 0 ? freeHostPort(taken, one.protocol) : one.hostPort,
    }))
    this.#change(name, { address: this.#bridgeAddress(), bindings })
  }

  /** One that no other container of the account has: every bridge of a real fleet has the same block. */
  #bridgeAddress(): string {
    const taken = new Set(
      tasks.list(this.#scope).flatMap(({ containers }) => containers.map(({ address }) => address)),
    )
    for (let number = 2; ; number++) {
      const address = `${BRIDGE}.${128 + (number >> 8)}.${number & 255}`
      if (!taken.has(address)) return address
    }
  }

  #dependenciesHold(task: TaskRecord, name: string): boolean {
    return (this.#definitionOf(name)?.dependsOn ?? []).every(({ containerName, condition }) => {
      const other = task.containers.find((one) => one.name === containerName)!
      if (condition === 'SUCCESS' && other.lastStatus === 'STOPPED' && other.exitCode !== 0)
        throw new TaskStartError(
          `Dependency container ${containerName} did not exit successfully`,
          containerName,
        )
      if (condition === 'COMPLETE' || condition === 'SUCCESS') return other.lastStatus === 'STOPPED'
      if (condition === 'HEALTHY') return other.health === 'HEALTHY'
      return other.lastStatus !== 'PENDING'
    })
  }

  watchHealth(name: string): void {
    const check = this.#definitionOf(name)?.healthCheck
    const key = this.#healthKey(name)
    if (!check || this.#health.has(key)) return
    this.#health.set(
      key,
      new HealthLoop({
        clock: this.#scope.world.clock,
        check,
        ask: (command, timeoutMs) => this.#runner.exec(this.#task, name, command, timeoutMs),
        report: (health) => {
          const own = tasks
            .find(this.#scope, this.#key.cluster, this.#key.id)
            ?.containers.find((one) => one.name === name)
          if (own && own.health !== health) this.#change(name, { health })
        },
      }),
    )
  }

  #healthKey(name: string): string {
    return `${this.#key.cluster}/${this.#key.id}/${name}`
  }

  /** Takes over which containers have ended by themselves. */
  observe(): void {
    for (const { name, lastStatus } of this.#task.containers) {
      if (lastStatus !== 'RUNNING') continue
      const state = this.#runner.state(this.#task, name)
      if (!state || state.running) continue
      this.#health.get(this.#healthKey(name))?.stop()
      this.#change(name, {
        lastStatus: 'STOPPED',
        exitCode: state.exitCode,
        ...(state.oomKilled ? { reason: 'OutOfMemoryError: Container killed due to memory usage' } : {}),
      })
    }
  }

  /** Whether a container that the task cannot do without has ended. */
  essentialEnded(task: TaskRecord): boolean {
    return task.containers.some(({ name, lastStatus }) => lastStatus === 'STOPPED' && this.#isEssential(name))
  }

  /** Whether an essential container has failed its health checks. */
  isSick(task: TaskRecord): boolean {
    return task.containers.some(({ name, health }) => health === 'UNHEALTHY' && this.#isEssential(name))
  }

  /** After a restart of this process the containers are set going again: on AWS they never stopped. Throws TaskStartError. */
  async recover(): Promise<void> {
    const task = this.#task
    const lost = task.containers.filter(
      ({ name, lastStatus }) => lastStatus === 'RUNNING' && !this.#runner.state(task, name),
    )
    if (lost.length === 0) return
    await this.#runner.prepare(this.#scope, task, this.#definition)
    for (const { name } of lost) {
      await this.#runner.start(this.#scope, this.#task, this.#definition, name)
      this.watchHealth(name)
    }
  }

  /** SIGTERM to all, SIGKILL to those that outlast their time since `since`; gives whether all have ended. */
  end(since: number): boolean {
    this.observe()
    const task = this.#task
    const alive = task.containers.filter(
      ({ name, lastStatus }) => lastStatus === 'RUNNING' && this.#runner.state(task, name)?.running,
    )
    if (alive.length === 0) {
      for (const { name } of task.containers) {
        this.#health.get(this.#healthKey(name))?.stop()
        this.#health.delete(this.#healthKey(name))
      }
      return true
    }
    for (const { name } of alive) {
      const limit = this.#definitionOf(name)?.stopTimeout ?? STOP_TIMEOUT_S
      this.#runner.stop(task, name, this.#scope.world.clock.now() - since >= limit * 1000)
    }
    return false
  }
}
