import type { Scope } from '../ec2/index.ts'
import { targets } from '../elbv2/index.ts'
import { stopTask } from './launch.ts'
import type { DeploymentRecord, ServiceRecord, TaskRecord } from './records.ts'
import { withEvent } from './service-events.ts'
import { definitionByArn, tasksOf } from './tables.ts'
import { instanceOf, targetsOf } from './task-network.ts'
import { taskHealth } from './task-output.ts'

/** One look at one service: what it is now, and what has been changed so far. */
export class ServiceWork {
  readonly scope: Scope
  service: ServiceRecord

  constructor(scope: Scope, service: ServiceRecord) {
    this.scope = scope
    this.service = service
  }

  get now(): number {
    return this.scope.world.clock.now()
  }

  get primary(): DeploymentRecord {
    return this.service.deployments.find(({ status }) => status === 'PRIMARY')!
  }

  set(fields: Partial<ServiceRecord>): void {
    this.service = { ...this.service, ...fields }
  }

  event(text: string): void {
    this.service = withEvent(this.scope, this.service, text)
  }

  /** Tells of something that goes on, once. */
  eventOnce(text: string): void {
    if (!this.service.events[0]?.message.endsWith(text)) this.event(text)
  }

  changeDeployment(id: string, fields: Partial<DeploymentRecord>): void {
    const deployments = this.service.deployments.map((one) =>
      one.id === id ? { ...one, ...fields, updatedAt: this.now } : one,
    )
    this.set({ deployments })
  }

  /** Counts a task that did not come up, for the circuit breaker and the pace of restarts. */
  countFailure(deploymentId: string | undefined): void {
    this.set({ failures: this.service.failures + 1, failedAt: this.now })
    const own = this.service.deployments.find(({ id }) => id === deploymentId)
    if (own?.rolloutState === 'IN_PROGRESS')
      this.changeDeployment(own.id, { failedTasks: own.failedTasks + 1 })
  }

  all(): TaskRecord[] {
    return tasksOf(this.scope, this.service)
  }

  /** The tasks that are wanted still. */
  active(): TaskRecord[] {
    return this.all().filter(({ desiredStatus }) => desiredStatus === 'RUNNING')
  }

  /** Whether a task does its work: it runs, its checks are good, and its targets take traffic. */
  isHealthy(task: TaskRecord): boolean {
    if (task.lastStatus !== 'RUNNING' || task.unwell !== undefined) return false
    const definition = definitionByArn(this.scope, task.definitionArn)
    const checked = definition?.containers.some(
      ({ healthCheck, essential }) => healthCheck && (essential ?? true),
    )
    if (checked && taskHealth(this.scope, task) !== 'HEALTHY') return false
    return targetsOf(this.scope, task).every(
      ({ groupArn, id, port }) => targets.find(this.scope, groupArn, id, port)?.state === 'healthy',
    )
  }

  /** Whether a task has to move because its container instance drains. */
  mustMove(task: TaskRecord): boolean {
    return instanceOf(this.scope, task)?.status === 'DRAINING'
  }

  /** The unwell tasks of a deployment that are still there: what is started beside them replaces them. */
  replacing(deploymentId: string, started: number): number {
    const unwell = this.active().filter(
      (task) => task.startedBy === deploymentId && task.unwell !== undefined,
    )
    return Math.min(started, unwell.length)
  }

  isProtected(task: TaskRecord): boolean {
    return (task.protectedUntil ?? 0) > this.now
  }

  stop(stopped: TaskRecord[]): void {
    if (stopped.length === 0) return
    for (const task of stopped)
      stopTask(
        this.scope,
        task,
        'ServiceSchedulerInitiated',
        task.unwell ?? `Scaling activity initiated by (deployment ${task.startedBy})`,
      )
    this.event(`has stopped ${stopped.length} running tasks: ${shortIds(stopped)}.`)
  }
}

export const shortIds = (tasks: TaskRecord[]): string => tasks.map(({ id }) => `(task ${id})`).join(' ')
