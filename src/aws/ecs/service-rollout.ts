import type { Result } from '#world/controller.ts'
import { inAlarm } from '../cloudwatch/index.ts'
import { rollByShifting } from './blue-green.ts'
import { eligible, obstacle } from './choose-instance.ts'
import type { ContainerInstanceRecord, DeploymentRecord, TaskRecord } from './records.ts'
import { circuitThreshold, type Plan, planOf } from './rollout.ts'
import { backOff, PLACEMENT_RETRY_MS, startTasks } from './service-starts.ts'
import type { ServiceWork } from './service-work.ts'
import { definitionByArn } from './tables.ts'
import { rollTaskSets } from './task-set-rollout.ts'

/** Deployments of a service that are shown after they are over. */
const FINISHED_KEPT = 20

/** Brings an active service one step nearer to its desired tasks of its primary deployment. */
export function roll(work: ServiceWork): Result | undefined {
  if (work.service.controller === 'EXTERNAL') return rollTaskSets(work)
  if (givesUp(work)) return roll(work)
  if (work.service.deploymentStrategy) return rollByShifting(work, (desired) => settle(work, desired))
  return work.service.scheduling === 'DAEMON' ? rollDaemon(work) : rollReplicas(work)
}

function rollReplicas(work: ServiceWork): Result | undefined {
  const { service, primary } = work
  const active = work.active()
  const isCurrent = (task: TaskRecord) => task.startedBy === primary.id && !work.mustMove(task)
  const plan: Plan =
    primary.rolloutState === 'FAILED'
      ? // A deployment that was given up starts nothing more; what runs goes on, up to the desired count.
        { start: 0, stop: active.slice(service.desiredCount) }
      : planOf({
          desired: service.desiredCount,
          maximumPercent: service.maximumPercent,
          minimumHealthyPercent: service.minimumHealthyPercent,
          primary: active.filter((task) => isCurrent(task) && task.unwell === undefined),
          others: active.filter((task) => !isCurrent(task)),
          unwell: active.filter((task) => isCurrent(task) && task.unwell !== undefined),
          isHealthy: (task) => work.isHealthy(task),
          isProtected: (task) => work.isProtected(task),
        })
  work.stop(plan.stop)
  let wait = 0
  if (plan.start > 0) {
    wait = backOff(work)
    if (wait <= 0) {
      const places = Array.from({ length: plan.start }, () => undefined)
      if (!startTasks(work, primary, places)) wait = PLACEMENT_RETRY_MS
    }
  }
  settle(work, service.desiredCount)
  return wait > 0 ? { requeueAfterMs: wait } : undefined
}

/**
 * One task on each instance that fits; a new deployment ends the old task of an instance before it starts its own.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html#service_scheduler_daemon
 */
function rollDaemon(work: ServiceWork): Result | undefined {
  const { scope, service, primary } = work
  const definition = definitionByArn(scope, primary.definitionArn)!
  const candidate = {
    cluster: service.cluster,
    launchType: primary.launchType as 'EC2' | 'EXTERNAL',
    definition,
    group: `service:${service.name}`,
    rules: service.rules,
    network: primary.network,
  }
  const fits = (instance: ContainerInstanceRecord) =>
    !/placement|ATTRIBUTE|LOCATION/.test(obstacle(scope, candidate, instance) ?? '')
  const instances = eligible(scope, candidate).filter(fits)
  if (service.desiredCount !== instances.length) work.set({ desiredCount: instances.length })
  const wanted = new Set(instances.map(({ id }) => id))
  const active = work.active()
  const outdated = active.filter(
    ({ startedBy, instance }) => startedBy !== primary.id && wanted.has(instance!),
  )
  const lower = Math.floor((instances.length * service.minimumHealthyPercent) / 100)
  const spare = Math.max(0, active.filter((task) => work.isHealthy(task)).length - lower)
  const misplaced = active.filter(({ instance }) => !wanted.has(instance!))
  work.stop([...misplaced, ...outdated.slice(0, spare)])
  const occupied = new Set(
    work.all().flatMap(({ instance, lastStatus }) => (lastStatus === 'STOPPED' ? [] : [instance])),
  )
  const empty = instances.filter(({ id }) => !occupied.has(id))
  let wait = 0
  if (empty.length > 0 && primary.rolloutState !== 'FAILED') {
    wait = backOff(work)
    if (wait <= 0) startTasks(work, primary, empty)
  }
  settle(work, instances.length)
  return wait > 0 ? { requeueAfterMs: wait } : undefined
}

/** The circuit breaker and the alarms: give up a deployment, and go back to the last good one. */
function givesUp(work: ServiceWork): boolean {
  const { service, primary, scope } = work
  if (primary.rolloutState !== 'IN_PROGRESS') return false
  const { circuitBreaker, alarms, desiredCount } = service
  if (primary.stopRequested) {
    const why = primary.stopReason ?? 'service deployment stopped by the user'
    return abandon(work, primary, why, primary.stopRequested === 'ROLLBACK', 'ECS deployment')
  }
  const ringing = alarms?.enable ? alarms.names.filter((name) => inAlarm(scope, name)) : []
  if (ringing.length > 0) {
    const why = `alarm detected: ${ringing.join(', ')}`
    return abandon(work, primary, why, alarms!.rollback, 'ECS deployment alarms')
  }
  if (!circuitBreaker.enable || primary.failedTasks < circuitThreshold(desiredCount)) return false
  return abandon(
    work,
    primary,
    'tasks failed to start.',
    circuitBreaker.rollback,
    'ECS deployment circuit breaker',
  )
}

function abandon(
  work: ServiceWork,
  primary: DeploymentRecord,
  why: string,
  rollback: boolean,
  who: string,
): true {
  work.changeDeployment(primary.id, {
    rolloutState: 'FAILED',
    rolloutReason: `${who}: ${why}`,
    finishedAt: work.now,
  })
  work.event(`(deployment ${primary.id}) deployment failed: ${why}`)
  const good = work.service.deployments.find(({ rolloutState }) => rolloutState === 'COMPLETED')
  if (!rollback || !good) return true
  work.event(`rolling back to deployment ${good.id}.`)
  work.changeDeployment(primary.id, { status: 'ACTIVE' })
  work.changeDeployment(good.id, {
    status: 'PRIMARY',
    stage: 'SCALE_UP',
    shifted: 0,
    rollsBack: true,
    rolloutState: 'IN_PROGRESS',
    rolloutReason: `${who}: rolling back to deploymentId ${good.id}.`,
  })
  const sorted = [...work.service.deployments].sort(
    (a, b) => Number(b.status === 'PRIMARY') - Number(a.status === 'PRIMARY'),
  )
  work.set({ deployments: sorted, failures: 0, failedAt: 0 })
  return true
}

/** Ends a deployment whose tasks all do their work, and tells when the service is steady. */
function settle(work: ServiceWork, desired: number): void {
  const { primary } = work
  if (primary.rolloutState === 'FAILED') return
  const all = work.all()
  const own = work.active().filter(({ startedBy }) => startedBy === primary.id)
  const others = all.some(({ startedBy, lastStatus }) => startedBy !== primary.id && lastStatus !== 'STOPPED')
  const complete = own.length === desired && own.every((task) => work.isHealthy(task))
  if (!complete || others) return
  if (primary.rolloutState === 'IN_PROGRESS') {
    work.changeDeployment(primary.id, {
      rolloutState: 'COMPLETED',
      rolloutReason: `ECS deployment ${primary.id} completed.`,
      failedTasks: 0,
      rollsBack: false,
      finishedAt: work.now,
    })
    const { deployments, finished = [] } = work.service
    const over = deployments.filter(({ id }) => id !== primary.id)
    work.set({
      deployments: deployments.filter(({ id }) => id === primary.id),
      finished: [...over, ...finished].slice(0, FINISHED_KEPT),
    })
    work.event(`(deployment ${primary.id}) deployment completed.`)
  }
  if (work.service.steady) return
  // Tasks on their way out still belong to the picture.
  if (all.some(({ desiredStatus, lastStatus }) => desiredStatus === 'STOPPED' && lastStatus !== 'STOPPED'))
    return
  work.set({ steady: true, failures: 0, failedAt: 0 })
  work.event('has reached a steady state.')
}
