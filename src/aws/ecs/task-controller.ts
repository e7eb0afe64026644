import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { publicAddress } from '../ec2/addresses.ts'
import {
  createInterface,
  privateDnsName,
  removeInterface,
  type Scope,
  scopeOfKey,
  tables,
} from '../ec2/index.ts'
import { deregisterTargets, registerTargets, targetGroups, targets } from '../elbv2/index.ts'
import { AwsError } from '../wire/service.ts'
import { HealthLoop } from './container-health.ts'
import { durations, STOPPED_TASK_SHOWN_MS } from './data/durations.ts'
import { stopTask } from './launch.ts'
import type { ContainerRecord, TaskDefinitionRecord, TaskRecord, TaskStatus } from './records.ts'
import { type TaskRunner, TaskStartError } from './runner.ts'
import { announce } from './service-events.ts'
import { definitionByArn, tasks } from './tables.ts'

const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\/([^/]+)\/([^/]+)$/
const TARGET_KEY = /^aws\/\d+\/[^/]+\/elbv2\/targets\//
/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html: stopTimeout on Fargate. */
const STOP_TIMEOUT_S = 30
/** How often a container that was told to end is looked at. */
const KILL_POLL_MS = 1000

/**
 * Moves tasks through their states: network interface, images, containers, target groups, and back.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export function taskController(world: World, runner: TaskRunner): Controller {
  const health = new Map<string, HealthLoop>()
  return {
    name: 'ecs-tasks',
    concurrency: 16,
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, type, entry }) => {
          if (TASK_KEY.test(key)) return [key]
          // A target that is gone lets its draining task go on.
          if (type !== 'delete' || !TARGET_KEY.test(key)) return []
          const scope = scopeOfKey(world, key)
          const address = (entry.value as { id: string }).id
          return tasks
            .list(scope)
            .filter((task) => task.privateIp === address && task.lastStatus === 'DEACTIVATING')
            .map((task) => tasks.key(scope, task.cluster, task.id))
        },
      },
    ],
    async reconcile(key) {
      const [, cluster = '', id = ''] = TASK_KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      const task = tasks.find(scope, cluster, id)
      const definition = task && definitionByArn(scope, task.definitionArn)
      if (!task || !definition) return undefined
      return new TaskStep(scope, runner, health, task, definition).run()
    },
  }
}

/** One step of one task. Every state is left by writing the next, which brings the controller back. */
class TaskStep {
  readonly #scope: Scope
  readonly #runner: TaskRunner
  readonly #health: Map<string, HealthLoop>
  readonly #task: TaskRecord
  readonly #definition: TaskDefinitionRecord

  constructor(
    scope: Scope,
    runner: TaskRunner,
    health: Map<string, HealthLoop>,
    task: TaskRecord,
    definition: TaskDefinitionRecord,
  ) {
    this.#scope = scope
    this.#runner = runner
    this.#health = health
    this.#task = task
    this.#definition = definition
  }

  run(): Promise<Result | undefined> | Result | undefined {
    const { lastStatus, desiredStatus } = this.#task
    const ending = desiredStatus === 'STOPPED'
    switch (lastStatus) {
      case 'PROVISIONING':
        return ending ? this.#move('DEPROVISIONING', { stoppingAt: this.#now() }) : this.#provision()
      case 'PENDING':
        return ending ? this.#move('STOPPING', { stoppingAt: this.#now() }) : this.#pend()
      case 'ACTIVATING':
        return ending ? this.#deactivate() : this.#activate()
      case 'RUNNING':
        return ending ? this.#deactivate() : this.#attend()
      case 'DEACTIVATING':
        return this.#drain()
      case 'STOPPING':
        return this.#end()
      case 'DEPROVISIONING':
        return this.#deprovision()
      case 'STOPPED':
        return this.#forget()
    }
  }

  #now(): number {
    return this.#scope.world.clock.now()
  }

  /** The task as it is now: a caller may have asked for its end meanwhile. */
  #current(): TaskRecord {
    return tasks.find(this.#scope, this.#task.cluster, this.#task.id) ?? this.#task
  }

  #write(fields: Partial<TaskRecord>): TaskRecord {
    const task = this.#current()
    return tasks.put(this.#scope, { ...task, ...fields, version: task.version + 1 })
  }

  #move(lastStatus: TaskStatus, fields: Partial<TaskRecord> = {}): undefined {
    this.#write({ ...fields, lastStatus, since: this.#now() })
    return undefined
  }

  /** What is left of a state that takes `realMs` on AWS; 0 when it is over. */
  #left(realMs: number): number {
    return Math.max(0, this.#task.since + this.#scope.world.provisioningTime(realMs) - this.#now())
  }

  #fail(stoppedReason: string, container?: string): void {
    const containers = this.#current().containers.map((one) =>
      one.name === container ? { ...one, reason: stoppedReason } : one,
    )
    this.#write({ desiredStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason, containers })
  }

  #provision(): Result | undefined {
    const scope = this.#scope
    const { network, subnetId, attachment } = this.#task
    if (this.#task.networkInterfaceId === undefined) {
      const subnet = tables.subnets.find(scope, subnetId)
      try {
        if (!subnet)
          throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`)
        const eni = createInterface(scope, {
          subnet,
          groupIds: network.securityGroups,
          description: `arn:aws:ecs:${scope.region}:${scope.accountId}:attachment/${attachment.id}`,
          requesterId: 'ecs.amazonaws.com',
          publicIp: network.assignPublicIp === 'ENABLED' ? publicAddress(scope) : undefined,
          attachment: { instanceOwnerId: 'amazon-ecs', deviceIndex: 1, deleteOnTermination: false },
        })
        const address = eni.addresses[0]!
        const details = {
          subnetId,
          networkInterfaceId: eni.id,
          macAddress: eni.macAddress,
          privateDnsName: privateDnsName(scope.region, address),
          privateIPv4Address: address,
        }
        this.#write({
          networkInterfaceId: eni.id,
          privateIp: address,
          attachment: {
            ...attachment,
            status: 'ATTACHING',
            details: Object.entries(details).map(([name, value]) => ({ name, value })),
          },
        })
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        this.#fail(
          `Unexpected EC2 error while attempting to Create Network Interface in subnet '${subnetId}': ${error.code}`,
        )
        return undefined
      }
    }
    const left = this.#left(durations.provisioning)
    if (left > 0) return { requeueAfterMs: left }
    const attached = { ...this.#current().attachment, status: 'ATTACHED' }
    return this.#move('PENDING', { attachment: attached, connectivityAt: this.#now() })
  }

  async #pend(): Promise<Result | undefined> {
    const task = this.#task
    if (task.pullStartedAt === undefined) {
      this.#write({ pullStartedAt: this.#now() })
      return undefined
    }
    const left = this.#left(durations.pending)
    if (left > 0) return { requeueAfterMs: left }
    try {
      const digests = await this.#runner.prepare(this.#scope, task, this.#definition)
      if (task.pullStoppedAt === undefined) {
        const containers = this.#current().containers.map((one) => ({
          ...one,
          imageDigest: digests.get(one.name),
        }))
        this.#write({ pullStoppedAt: this.#now(), containers })
      }
      if (this.#current().desiredStatus === 'RUNNING' && (await this.#startDue())) this.#move('ACTIVATING')
    } catch (error) {
      if (!(error instanceof TaskStartError)) throw error
      this.#fail(error.message, error.container)
    }
    return undefined
  }

  /** Starts the containers whose dependencies hold; gives whether all have been started. Throws TaskStartError. */
  async #startDue(): Promise<boolean> {
    this.#observe()
    const task = this.#current()
    for (const container of task.containers) {
      if (container.lastStatus !== 'PENDING' || !this.#dependenciesHold(task, container.name)) continue
      await this.#start(container.name)
    }
    const after = this.#current()
    if (this.#essentialEnded(after)) return false
    return after.containers.every(({ lastStatus }) => lastStatus !== 'PENDING')
  }

  async #start(name: string): Promise<void> {
    const task = this.#current()
    await this.#runner.start(this.#scope, task, this.#definition, name)
    this.#setContainer(name, {
      lastStatus: 'RUNNING',
      runtimeId: `${task.id}-${this.#scope.world.ids.number(4_000_000_000)}`,
    })
    this.#watchHealth(name)
  }

  #watchHealth(name: string): void {
    const check = this.#definition.containers.find((one) => one.name === name)?.healthCheck
    const key = `${this.#task.arn}/${name}`
    if (!check || this.#health.has(key)) return
    const { cluster, id } = this.#task
    const scope = this.#scope
    this.#health.set(
      key,
      new HealthLoop({
        clock: scope.world.clock,
        check,
        ask: (command, timeoutMs) => this.#runner.exec(this.#task, name, command, timeoutMs),
        report: (health) => {
          const now = tasks.find(scope, cluster, id)
          const own = now?.containers.find((one) => one.name === name)
          if (!now || !own || own.health === health) return
          const containers = now.containers.map((one) => (one.name === name ? { ...one, health } : one))
          tasks.put(scope, { ...now, containers, version: now.version + 1 })
        },
      }),
    )
  }

  #dependenciesHold(task: TaskRecord, name: string): boolean {
    const own = this.#definition.containers.find((one) => one.name === name)
    return (own?.dependsOn ?? []).every(({ containerName, condition }) => {
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

  #setContainer(name: string, fields: Partial<ContainerRecord>): void {
    const containers = this.#current().containers.map((one) =>
      one.name === name ? { ...one, ...fields } : one,
    )
    this.#write({ containers })
  }

  /** Takes over which containers have ended by themselves. */
  #observe(): void {
    for (const { name, lastStatus } of this.#current().containers) {
      if (lastStatus !== 'RUNNING') continue
      const state = this.#runner.state(this.#task, name)
      if (!state || state.running) continue
      this.#health.get(`${this.#task.arn}/${name}`)?.stop()
      this.#setContainer(name, {
        lastStatus: 'STOPPED',
        exitCode: state.exitCode,
        ...(state.oomKilled ? { reason: 'OutOfMemoryError: Container killed due to memory usage' } : {}),
      })
    }
  }

  #essentialEnded(task: TaskRecord): boolean {
    const ended = task.containers.filter(({ lastStatus }) => lastStatus === 'STOPPED')
    return ended.some(
      ({ name }) => this.#definition.containers.find((one) => one.name === name)?.essential ?? true,
    )
  }

  #activate(): Result | undefined {
    this.#observe()
    if (this.#endedByItself()) return undefined
    for (const balancer of this.#task.loadBalancers)
      this.#register(balancer.targetGroupArn!, balancer.containerPort!)
    const left = this.#left(durations.activating)
    if (left > 0) return { requeueAfterMs: left }
    return this.#move('RUNNING', { startedAt: this.#now() })
  }

  #register(groupArn: string, port: number): void {
    const address = this.#task.privateIp!
    const known = targets.find(this.#scope, groupArn, address, port)
    if ((known && known.state !== 'draining') || !targetGroups.find(this.#scope, groupArn)) return
    registerTargets(this.#scope, groupArn, [{ id: address, port }])
    announce(this.#scope, this.#task, `registered 1 targets in (target-group ${groupArn})`)
  }

  async #attend(): Promise<Result | undefined> {
    await this.#recover()
    this.#observe()
    if (this.#endedByItself()) return undefined
    const sick = this.#current().containers.find(
      ({ name, health }) =>
        health === 'UNHEALTHY' &&
        (this.#definition.containers.find((one) => one.name === name)?.essential ?? true),
    )
    if (sick && this.#task.service !== undefined) {
      announce(this.#scope, this.#task, `(task ${this.#task.id}) failed container health checks.`)
      stopTask(
        this.#scope,
        this.#current(),
        'ServiceSchedulerInitiated',
        'Task failed container health checks',
      )
    }
    return undefined
  }

  /** After a restart of this process the containers are set going again: on AWS they never stopped. */
  async #recover(): Promise<void> {
    const lost = this.#task.containers.filter(
      ({ name, lastStatus }) => lastStatus === 'RUNNING' && !this.#runner.state(this.#task, name),
    )
    if (lost.length === 0) return
    try {
      await this.#runner.prepare(this.#scope, this.#task, this.#definition)
      for (const { name } of lost) {
        await this.#runner.start(this.#scope, this.#task, this.#definition, name)
        this.#watchHealth(name)
      }
    } catch (error) {
      if (!(error instanceof TaskStartError)) throw error
      this.#fail(error.message, error.container)
    }
  }

  /** Whether an essential container has ended, and with it the task. */
  #endedByItself(): boolean {
    const task = this.#current()
    if (task.desiredStatus === 'STOPPED') return true
    if (!this.#essentialEnded(task)) return false
    stopTask(this.#scope, task, 'EssentialContainerExited', 'Essential container in task exited')
    return true
  }

  #deactivate(): undefined {
    const { loadBalancers, privateIp: id } = this.#task
    for (const { targetGroupArn, containerPort: port } of loadBalancers) {
      const known = targets.find(this.#scope, targetGroupArn!, id!, port!)
      if (!known || known.state === 'draining') continue
      deregisterTargets(this.#scope, targetGroupArn!, [{ id: id!, port: port! }])
      announce(this.#scope, this.#task, `deregistered 1 targets in (target-group ${targetGroupArn})`)
      announce(this.#scope, this.#task, 'has begun draining connections on 1 tasks.')
    }
    return this.#move('DEACTIVATING', { stoppingAt: this.#now() })
  }

  /** Waits until its targets have drained. */
  #drain(): undefined {
    const { loadBalancers, privateIp } = this.#task
    const draining = loadBalancers.some(({ targetGroupArn, containerPort }) =>
      targets.find(this.#scope, targetGroupArn!, privateIp!, containerPort!),
    )
    return draining ? undefined : this.#move('STOPPING')
  }

  /** SIGTERM to all, SIGKILL to those that outlast their stop time-out. */
  #end(): Result | undefined {
    const task = this.#task
    this.#observe()
    const alive = this.#current().containers.filter(
      ({ name, lastStatus }) => lastStatus === 'RUNNING' && this.#runner.state(task, name)?.running,
    )
    if (alive.length === 0) {
      for (const { name } of task.containers) this.#dropHealth(name)
      const containers = this.#current().containers.map(
        (one): ContainerRecord => ({ ...one, lastStatus: 'STOPPED' }),
      )
      return this.#move('DEPROVISIONING', { containers, executionStoppedAt: this.#now() })
    }
    for (const { name } of alive) {
      const limit =
        this.#definition.containers.find((one) => one.name === name)?.stopTimeout ?? STOP_TIMEOUT_S
      const late = this.#now() - task.since >= limit * 1000
      this.#runner.stop(task, name, late)
    }
    return { requeueAfterMs: KILL_POLL_MS }
  }

  #dropHealth(name: string): void {
    const key = `${this.#task.arn}/${name}`
    this.#health.get(key)?.stop()
    this.#health.delete(key)
  }

  async #deprovision(): Promise<Result | undefined> {
    await this.#runner.remove(this.#task)
    const left = this.#left(durations.deprovisioning)
    if (left > 0) return { requeueAfterMs: left }
    if (this.#task.networkInterfaceId !== undefined)
      removeInterface(this.#scope, this.#task.networkInterfaceId)
    return this.#move('STOPPED', {
      stoppedAt: this.#now(),
      attachment: { ...this.#current().attachment, status: 'DELETED' },
      containers: this.#current().containers.map(
        (one): ContainerRecord => ({ ...one, lastStatus: 'STOPPED' }),
      ),
    })
  }

  /** A stopped task is shown for an hour. */
  #forget(): Result | undefined {
    const left = this.#task.since + STOPPED_TASK_SHOWN_MS - this.#now()
    if (left > 0) return { requeueAfterMs: left }
    tasks.delete(this.#scope, this.#task)
    return undefined
  }
}
