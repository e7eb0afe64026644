import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import { chooseInstance } from './choose-instance.ts'
import type { HealthLoop } from './container-health.ts'
import { durations, STOPPED_TASK_SHOWN_MS } from './data/durations.ts'
import { newAttachment, stopTask } from './launch.ts'
import type {
  ContainerInstanceRecord,
  ContainerRecord,
  TaskDefinitionRecord,
  TaskRecord,
  TaskStatus,
} from './records.ts'
import { type TaskRunner, TaskStartError } from './runner.ts'
import { announce } from './service-events.ts'
import { enterRegistries, leaveRegistries } from './service-registries.ts'
import { definitionByArn, tasks } from './tables.ts'
import { TaskContainers } from './task-containers.ts'
import {
  attachInterface,
  detachInterface,
  enterBalancers,
  instanceOf,
  isDraining,
  leaveBalancers,
  targetsOf,
} from './task-network.ts'

const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\/([^/]+)\/([^/]+)$/
const TARGET_KEY = /^aws\/\d+\/[^/]+\/elbv2\/targets\//
const INSTANCE_KEY = /^aws\/\d+\/[^/]+\/ecs\/container-instances\//
/** How often a container that was told to end is looked at. */
const KILL_POLL_MS = 1000

/**
 * Moves tasks through their states: machine, network interface, images, containers, target groups, and back.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
 */
export function taskController(world: World, runner: TaskRunner): Controller {
  const health = new Map<string, HealthLoop>()
  const keysOf = (scope: Scope, cluster: string | undefined, wanted: (task: TaskRecord) => boolean) =>
    tasks
      .list(scope, cluster)
      .filter(wanted)
      .map((task) => tasks.key(scope, task.cluster, task.id))
  return {
    name: 'ecs-tasks',
    concurrency: 16,
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, type, entry }) => {
          if (TASK_KEY.test(key)) return [key]
          // A machine may be what a waiting task waits for.
          if (INSTANCE_KEY.test(key)) {
            const { cluster } = entry.value as ContainerInstanceRecord
            return keysOf(
              scopeOfKey(world, key),
              cluster,
              (task) => task.launchType !== 'FARGATE' && task.lastStatus === 'PROVISIONING',
            )
          }
          // A target that is gone lets its draining task go on.
          if (type !== 'delete' || !TARGET_KEY.test(key)) return []
          const scope = scopeOfKey(world, key)
          const { id } = entry.value as { id: string }
          return keysOf(
            scope,
            undefined,
            (task) =>
              task.lastStatus === 'DEACTIVATING' && targetsOf(scope, task).some((target) => target.id === id),
          )
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
  readonly #task: TaskRecord
  readonly #definition: TaskDefinitionRecord
  readonly #containers: TaskContainers

  constructor(
    scope: Scope,
    runner: TaskRunner,
    health: Map<string, HealthLoop>,
    task: TaskRecord,
    definition: TaskDefinitionRecord,
  ) {
    this.#scope = scope
    this.#runner = runner
    this.#task = task
    this.#definition = definition
    this.#containers = new TaskContainers(scope, runner, health, definition, task)
  }

  run(): Promise<Result | undefined> | Result | undefined {
    const { lastStatus, desiredStatus } = this.#task
    const ending = desiredStatus === 'STOPPED'
    switch (lastStatus) {
      case 'PROVISIONING':
        return ending ? this.#move('DEPROVISIONING') : this.#provision()
      case 'PENDING':
        return ending ? this.#move('STOPPING') : this.#pend()
      case 'ACTIVATING':
        return ending ? this.#deactivate() : this.#activate()
      case 'RUNNING':
        return ending ? this.#deactivate() : this.#attend()
      case 'DEACTIVATING':
        return isDraining(this.#scope, this.#task) ? undefined : this.#move('STOPPING')
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
    this.#write({
      desiredStatus: 'STOPPED',
      stopCode: 'TaskFailedToStart',
      stoppedReason,
      stoppingAt: this.#now(),
      containers,
    })
  }

  #provision(): Result | undefined {
    const task = this.#task
    if (task.launchType !== 'FARGATE' && task.instance === undefined) return this.#findInstance()
    if (task.network && task.subnetId === undefined) return this.#chooseSubnet()
    const attached = attachInterface(this.#scope, task)
    if (attached instanceof AwsError) {
      this.#fail(
        `Unexpected EC2 error while attempting to Create Network Interface in subnet '${task.subnetId}': ${attached.code}`,
      )
      return undefined
    }
    if (Object.keys(attached).length > 0) this.#write(attached)
    const left = this.#left(durations.provisioning)
    if (left > 0) return { requeueAfterMs: left }
    const { attachment } = this.#current()
    return this.#move('PENDING', {
      ...(attachment ? { attachment: { ...attachment, status: 'ATTACHED' } } : {}),
      connectivityAt: this.#now(),
    })
  }

  /** A task of a capacity provider that scales waits for a machine that can take it. */
  #findInstance(): undefined {
    const { cluster, launchType, group, rules, network, capacityProvider, overrides } = this.#task
    const { instance } = chooseInstance(this.#scope, {
      cluster,
      launchType: launchType as 'EC2' | 'EXTERNAL',
      definition: this.#definition,
      overrides,
      group,
      rules,
      network,
      capacityProvider,
    })
    if (!instance) return undefined
    const place = { instance: instance.id, zone: instance.zone }
    if (network) this.#write(place)
    else this.#move('PENDING', { ...place, connectivityAt: this.#now() })
    return undefined
  }

  /** On an instance the interface must be in the instance's zone. */
  #chooseSubnet(): undefined {
    const zone = instanceOf(this.#scope, this.#task)?.zone
    const subnetId = this.#task.network!.subnets.find(
      (id) => tables.subnets.find(this.#scope, id)?.zone === zone,
    )
    if (subnetId === undefined)
      this.#fail('Unexpected EC2 error while attempting to attach a network interface to the instance')
    else this.#write({ subnetId, attachment: newAttachment(this.#scope, subnetId) })
    return undefined
  }

  async #pend(): Promise<Result | undefined> {
    const task = this.#task
    if (task.pullStartedAt === undefined) {
      this.#write({ pullStartedAt: this.#now(), connectivityAt: task.connectivityAt ?? this.#now() })
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
      if (this.#current().desiredStatus === 'RUNNING' && (await this.#containers.startDue()))
        this.#move('ACTIVATING')
      else this.#endedByItself()
    } catch (error) {
      if (!(error instanceof TaskStartError)) throw error
      this.#fail(error.message, error.container)
    }
    return undefined
  }

  #activate(): Result | undefined {
    this.#containers.observe()
    if (this.#endedByItself()) return undefined
    enterBalancers(this.#scope, this.#task)
    const left = this.#left(durations.activating)
    if (left > 0) return { requeueAfterMs: left }
    enterRegistries(this.#scope, this.#task)
    return this.#move('RUNNING', { startedAt: this.#now() })
  }

  async #attend(): Promise<Result | undefined> {
    try {
      await this.#containers.recover()
    } catch (error) {
      if (!(error instanceof TaskStartError)) throw error
      this.#fail(error.message, error.container)
    }
    this.#containers.observe()
    if (this.#endedByItself()) return undefined
    const task = this.#current()
    if (task.service !== undefined && this.#containers.isSick(task)) {
      announce(this.#scope, task, `(task ${task.id}) failed container health checks.`)
      stopTask(this.#scope, task, 'ServiceSchedulerInitiated', 'Task failed container health checks')
    }
    return undefined
  }

  /** Whether an essential container has ended, and with it the task. */
  #endedByItself(): boolean {
    const task = this.#current()
    if (task.desiredStatus === 'STOPPED') return true
    if (!this.#containers.essentialEnded(task)) return false
    stopTask(this.#scope, task, 'EssentialContainerExited', 'Essential container in task exited')
    return true
  }

  #deactivate(): undefined {
    leaveBalancers(this.#scope, this.#task)
    leaveRegistries(this.#scope, this.#task)
    return this.#move('DEACTIVATING')
  }

  #end(): Result | undefined {
    if (!this.#containers.end(this.#task.since)) return { requeueAfterMs: KILL_POLL_MS }
    return this.#move('DEPROVISIONING', { containers: this.#stopped(), executionStoppedAt: this.#now() })
  }

  #stopped(): ContainerRecord[] {
    return this.#current().containers.map((one) => ({ ...one, lastStatus: 'STOPPED' }))
  }

  async #deprovision(): Promise<Result | undefined> {
    await this.#runner.remove(this.#task)
    const left = this.#task.networkInterfaceId === undefined ? 0 : this.#left(durations.deprovisioning)
    if (left > 0) return { requeueAfterMs: left }
    detachInterface(this.#scope, this.#task)
    const { attachment } = this.#current()
    return this.#move('STOPPED', {
      stoppedAt: this.#now(),
      ...(attachment ? { attachment: { ...attachment, status: 'DELETED' } } : {}),
      containers: this.#stopped(),
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
