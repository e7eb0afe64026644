import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { targets } from '../elbv2/index.ts'
import { AwsError } from '../wire/service.ts'
import { durations } from './data/durations.ts'
import { launchTask, stopTask } from './launch.ts'
import type { DeploymentRecord, ServiceRecord, TaskRecord } from './records.ts'
import { circuitThreshold, type Plan, planOf } from './rollout.ts'
import { withEvent } from './service-events.ts'
import { clusters, definitionByArn, services, tasksOf } from './tables.ts'
import { taskHealth } from './task-output.ts'

const SERVICE_KEY = /^aws\/\d+\/[^/]+\/ecs\/services\/([^/]+)\/([^/]+)$/
const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\//
const TARGET_KEY = /^aws\/\d+\/[^/]+\/elbv2\/targets\//

/** Keeps every service at its desired count, rolls out its deployments and tells of it in its events. */
export function serviceController(world: World): Controller {
  return {
    name: 'ecs-services',
    sources: [
      {
        prefix: 'aws/',
        keys: ({ key, entry }) => {
          if (SERVICE_KEY.test(key)) return [key]
          const scope = scopeOfKey(world, key)
          if (TASK_KEY.test(key)) {
            const { cluster, service } = entry.value as TaskRecord
            return service === undefined ? [] : [services.key(scope, cluster, service)]
          }
          if (!TARGET_KEY.test(key)) return []
          const { groupArn } = entry.value as { groupArn: string }
          return services
            .list(scope)
            .filter(({ loadBalancers }) => loadBalancers.some((one) => one.targetGroupArn === groupArn))
            .map(({ cluster, name }) => services.key(scope, cluster, name))
        },
      },
    ],
    reconcile(key) {
      const [, cluster = '', name = ''] = SERVICE_KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      const service = services.find(scope, cluster, name)
      return service && service.status !== 'INACTIVE' ? new ServiceStep(scope, service).run() : undefined
    },
  }
}

const shortId = (tasks: TaskRecord[]) => tasks.map(({ id }) => `(task ${id})`).join(' ')

/** One look at one service. */
class ServiceStep {
  readonly #scope: Scope
  #service: ServiceRecord

  constructor(scope: Scope, service: ServiceRecord) {
    this.#scope = scope
    this.#service = service
  }

  run(): Result | undefined {
    const before = this.#service
    this.#accountForEnded()
    this.#stopUnwell()
    const result = this.#service.status === 'DRAINING' ? this.#drain() : this.#roll()
    if (this.#service !== before) services.put(this.#scope, this.#service)
    return result
  }

  get #primary(): DeploymentRecord {
    return this.#service.deployments.find(({ status }) => status === 'PRIMARY')!
  }

  #event(text: string): void {
    this.#service = withEvent(this.#scope, this.#service, text)
  }

  #change(id: string, fields: Partial<DeploymentRecord>): void {
    const updatedAt = this.#scope.world.clock.now()
    const deployments = this.#service.deployments.map((one) =>
      one.id === id ? { ...one, ...fields, updatedAt } : one,
    )
    this.#service = { ...this.#service, deployments }
  }

  /** The tasks that are wanted still. */
  #active(): TaskRecord[] {
    return tasksOf(this.#scope, this.#service).filter(({ desiredStatus }) => desiredStatus === 'RUNNING')
  }

  /** Counts the tasks that ended by themselves, for the circuit breaker and the pace of restarts. */
  #accountForEnded(): void {
    for (const task of tasksOf(this.#scope, this.#service)) {
      if (task.accounted || task.desiredStatus !== 'STOPPED') continue
      const asked = task.stopCode === 'UserInitiated' || task.stoppedReason?.startsWith('Scaling activity')
      this.#scope.world.store.put(taskKey(this.#scope, task), { ...task, accounted: true })
      this.#service = { ...this.#service, steady: false }
      if (asked) continue
      this.#service = {
        ...this.#service,
        failures: this.#service.failures + 1,
        failedAt: this.#scope.world.clock.now(),
      }
      const own = this.#service.deployments.find(({ id }) => id === task.startedBy)
      if (own?.rolloutState === 'IN_PROGRESS') this.#change(own.id, { failedTasks: own.failedTasks + 1 })
      if (this.#service.failures === 3)
        this.#event(
          'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
        )
    }
  }

  /** Whether a task does its work: it runs, its checks are good, and its targets take traffic. */
  #isHealthy(task: TaskRecord): boolean {
    if (task.lastStatus !== 'RUNNING') return false
    const definition = definitionByArn(this.#scope, task.definitionArn)
    const checked = definition?.containers.some(
      ({ healthCheck, essential }) => healthCheck && (essential ?? true),
    )
    if (checked && taskHealth(this.#scope, task) !== 'HEALTHY') return false
    return task.loadBalancers.every(({ targetGroupArn, containerPort }) => {
      const target = targets.find(this.#scope, targetGroupArn!, task.privateIp!, containerPort!)
      return target?.state === 'healthy'
    })
  }

  /** Ends the tasks that their load balancer has found unwell, once their grace period is over. */
  #stopUnwell(): void {
    const grace = (this.#service.gracePeriodSeconds ?? 0) * 1000
    for (const task of this.#active()) {
      if (task.lastStatus !== 'RUNNING') continue
      for (const { targetGroupArn, containerPort } of task.loadBalancers) {
        const target = targets.find(this.#scope, targetGroupArn!, task.privateIp!, containerPort!)
        if (target?.state !== 'unhealthy') continue
        if (this.#scope.world.clock.now() - task.startedAt! < grace) continue
        this.#event(
          `(task ${task.id}) (port ${containerPort}) is unhealthy in (target-group ${targetGroupArn}) due to (reason ${target.description}).`,
        )
        stopTask(
          this.#scope,
          task,
          'ServiceSchedulerInitiated',
          `Task failed ELB health checks in (target-group ${targetGroupArn})`,
        )
        break
      }
    }
  }

  #stop(stopped: TaskRecord[]): void {
    if (stopped.length === 0) return
    for (const task of stopped)
      stopTask(
        this.#scope,
        task,
        'ServiceSchedulerInitiated',
        `Scaling activity initiated by (deployment ${task.startedBy})`,
      )
    this.#event(`has stopped ${stopped.length} running tasks: ${shortId(stopped)}.`)
  }

  /** A service that is being deleted ends with its last task. */
  #drain(): undefined {
    this.#stop(this.#active())
    const left = tasksOf(this.#scope, this.#service).some(({ lastStatus }) => lastStatus !== 'STOPPED')
    if (!left) this.#service = { ...this.#service, status: 'INACTIVE' }
    return undefined
  }

  #roll(): Result | undefined {
    const service = this.#service
    const primary = this.#primary
    if (primary.launchType !== 'FARGATE') return this.#withoutInstances()
    if (this.#breaks(primary)) return this.#roll()
    const active = this.#active()
    const plan =
      primary.rolloutState === 'FAILED'
        ? abandoned(service, active)
        : planOf({
            desired: service.desiredCount,
            maximumPercent: service.maximumPercent,
            minimumHealthyPercent: service.minimumHealthyPercent,
            primary: active.filter(({ startedBy }) => startedBy === primary.id),
            others: active.filter(({ startedBy }) => startedBy !== primary.id),
            isHealthy: (task) => this.#isHealthy(task),
          })
    this.#stop(plan.stop)
    const wait = plan.start > 0 ? this.#backOff() : 0
    if (wait > 0) return { requeueAfterMs: wait }
    if (plan.start > 0) this.#start(primary, plan.start)
    this.#settle(primary)
    return undefined
  }

  /** How long to wait before the next start, ms: longer with each failure in a row. */
  #backOff(): number {
    const { failures, failedAt } = this.#service
    if (failures === 0) return 0
    const { restartBackOff, restartBackOffMax } = durations
    const delay = Math.min(restartBackOff * 2 ** (failures - 1), restartBackOffMax)
    // Even at once takes a moment, so that a task that always fails does not spin.
    const shortest = Math.min(delay, 1000 * failures)
    const { world } = this.#scope
    return failedAt + Math.max(world.provisioningTime(delay), shortest) - world.clock.now()
  }

  #start(deployment: DeploymentRecord, count: number): void {
    const scope = this.#scope
    const service = this.#service
    const definition = definitionByArn(scope, deployment.definitionArn)!
    const started: TaskRecord[] = []
    try {
      for (let i = 0; i < count; i++)
        started.push(
          launchTask(scope, {
            cluster: clusters.find(scope, service.cluster)!,
            definition,
            placement: {
              launchType: 'FARGATE',
              strategy: deployment.strategy,
              platformVersion: deployment.platformVersion,
              network: deployment.network,
            },
            group: `service:${service.name}`,
            startedBy: deployment.id,
            service: service.name,
            loadBalancers: service.loadBalancers,
            enableExecuteCommand: service.enableExecuteCommand,
            tags: this.#tags(definition.tags),
            beside: [...this.#active(), ...started],
          }),
        )
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      const text = `failed to launch a task with (error ${error.message}).`
      if (!service.events[0]?.message.endsWith(text)) this.#event(text)
      this.#failed(deployment)
    }
    if (started.length > 0) {
      this.#service = { ...this.#service, steady: false }
      this.#event(`has started ${started.length} tasks: ${shortId(started)}.`)
    }
  }

  #failed(deployment: DeploymentRecord): void {
    this.#service = {
      ...this.#service,
      failures: this.#service.failures + 1,
      failedAt: this.#scope.world.clock.now(),
    }
    if (deployment.rolloutState === 'IN_PROGRESS')
      this.#change(deployment.id, { failedTasks: deployment.failedTasks + 1 })
  }

  #tags(ofDefinition: Record<string, string>): Record<string, string> {
    const { propagateTags, managedTags, tags, cluster, name } = this.#service
    return {
      ...(propagateTags === 'SERVICE' ? tags : propagateTags === 'TASK_DEFINITION' ? ofDefinition : {}),
      ...(managedTags ? { 'aws:ecs:clusterName': cluster, 'aws:ecs:serviceName': name } : {}),
    }
  }

  /** The circuit breaker: gives up a deployment whose tasks keep failing, and goes back to the last good one. */
  #breaks(primary: DeploymentRecord): boolean {
    const { circuitBreaker, desiredCount } = this.#service
    if (!circuitBreaker.enable || primary.rolloutState !== 'IN_PROGRESS') return false
    if (primary.failedTasks < circuitThreshold(desiredCount)) return false
    this.#change(primary.id, {
      rolloutState: 'FAILED',
      rolloutReason: 'ECS deployment circuit breaker: tasks failed to start.',
    })
    this.#event(`(deployment ${primary.id}) deployment failed: tasks failed to start.`)
    const good = this.#service.deployments.find(({ rolloutState }) => rolloutState === 'COMPLETED')
    if (!circuitBreaker.rollback || !good) return true
    this.#event(`rolling back to deployment ${good.id}.`)
    this.#change(primary.id, { status: 'ACTIVE' })
    this.#change(good.id, {
      status: 'PRIMARY',
      rolloutState: 'IN_PROGRESS',
      rolloutReason: `ECS deployment circuit breaker: rolling back to deploymentId ${good.id}.`,
    })
    const sorted = [...this.#service.deployments].sort(
      (a, b) => Number(b.status === 'PRIMARY') - Number(a.status === 'PRIMARY'),
    )
    this.#service = { ...this.#service, deployments: sorted, failures: 0, failedAt: 0 }
    return true
  }

  /** Ends a deployment whose tasks all do their work, and tells when the service is steady. */
  #settle({ id }: DeploymentRecord): void {
    const primary = this.#service.deployments.find((one) => one.id === id)!
    if (primary.rolloutState === 'FAILED') return
    const all = tasksOf(this.#scope, this.#service)
    const own = this.#active().filter(({ startedBy }) => startedBy === id)
    const others = all.some(({ startedBy, lastStatus }) => startedBy !== id && lastStatus !== 'STOPPED')
    const complete = own.length === this.#service.desiredCount && own.every((task) => this.#isHealthy(task))
    if (!complete || others) return
    if (primary.rolloutState === 'IN_PROGRESS') {
      this.#change(id, {
        rolloutState: 'COMPLETED',
        rolloutReason: `ECS deployment ${id} completed.`,
        failedTasks: 0,
      })
      const deployments = this.#service.deployments.filter((one) => one.id === id)
      this.#service = { ...this.#service, deployments }
      this.#event(`(deployment ${id}) deployment completed.`)
    }
    if (this.#service.steady) return
    // Tasks on their way out still belong to the picture.
    if (all.some(({ desiredStatus, lastStatus }) => desiredStatus === 'STOPPED' && lastStatus !== 'STOPPED'))
      return
    this.#service = { ...this.#service, steady: true, failures: 0, failedAt: 0 }
    this.#event('has reached a steady state.')
  }

  /** No instance ever joins a cluster here: a service on EC2 finds none, and says so once. */
  #withoutInstances(): undefined {
    if (this.#service.desiredCount === 0 || this.#service.scheduling === 'DAEMON') {
      this.#settle(this.#primary)
      return undefined
    }
    const text =
      'was unable to place a task because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.'
    if (!this.#service.events[0]?.message.endsWith(text)) this.#event(text)
    return undefined
  }
}

/** A deployment that was given up starts nothing more; what runs goes on, up to the desired count. */
function abandoned({ desiredCount }: ServiceRecord, active: TaskRecord[]): Plan {
  return { start: 0, stop: active.slice(desiredCount) }
}

const taskKey = (scope: Scope, task: TaskRecord) =>
  `aws/${scope.accountId}/${scope.region}/ecs/tasks/${task.cluster}/${task.id}`
