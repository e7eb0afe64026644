import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { scopeOfKey } from '../ec2/index.ts'
import { targets } from '../elbv2/index.ts'
import type { ContainerInstanceRecord, ServiceRecord, TaskRecord } from './records.ts'
import { roll } from './service-rollout.ts'
import { ServiceWork } from './service-work.ts'
import { services, tasks } from './tables.ts'
import { targetsOf } from './task-network.ts'

const SERVICE_KEY = /^aws\/\d+\/[^/]+\/ecs\/services\/([^/]+)\/([^/]+)$/
const TASK_KEY = /^aws\/\d+\/[^/]+\/ecs\/tasks\//
const INSTANCE_KEY = /^aws\/\d+\/[^/]+\/ecs\/container-instances\//
const TARGET_KEY = /^aws\/\d+\/[^/]+\/elbv2\/targets\//
const ALARM_KEY = /^aws\/\d+\/[^/]+\/cloudwatch\/alarms\//

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
          if (INSTANCE_KEY.test(key))
            return services
              .list(scope, (entry.value as ContainerInstanceRecord).cluster)
              .filter(({ deployments }) => deployments[0]?.launchType !== 'FARGATE')
              .map(({ cluster, name }) => services.key(scope, cluster, name))
          if (ALARM_KEY.test(key))
            return services
              .list(scope)
              .filter(({ alarms }) => alarms?.enable)
              .map(({ cluster, name }) => services.key(scope, cluster, name))
          if (!TARGET_KEY.test(key)) return []
          const { groupArn } = entry.value as { groupArn: string }
          return services
            .list(scope)
            .filter((service) => standsBehind(service, groupArn))
            .map(({ cluster, name }) => services.key(scope, cluster, name))
        },
      },
    ],
    reconcile(key) {
      const [, cluster = '', name = ''] = SERVICE_KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      const service = services.find(scope, cluster, name)
      return service && service.status !== 'INACTIVE' ? look(new ServiceWork(scope, service)) : undefined
    },
  }
}

/** Whether tasks of a service are targets of a group. */
function standsBehind({ loadBalancers, taskSets = [] }: ServiceRecord, groupArn: string): boolean {
  return [...loadBalancers, ...taskSets.flatMap((set) => set.loadBalancers)].some(
    ({ targetGroupArn, advancedConfiguration }) =>
      targetGroupArn === groupArn || advancedConfiguration?.alternateTargetGroupArn === groupArn,
  )
}

/** One look at one service. */
function look(work: ServiceWork): Result | undefined {
  const before = work.service
  accountForEnded(work)
  noteUnwell(work)
  const result = work.service.status === 'DRAINING' ? drain(work) : roll(work)
  if (work.service !== before) services.put(work.scope, work.service)
  return result
}

/** Counts the tasks that ended by themselves, for the circuit breaker and the pace of restarts. */
function accountForEnded(work: ServiceWork): void {
  for (const task of work.all()) {
    if (task.accounted || task.desiredStatus !== 'STOPPED') continue
    const asked =
      task.stopCode === 'UserInitiated' || /^(Scaling activity|Host EC2)/.test(task.stoppedReason ?? '')
    tasks.put(work.scope, { ...task, accounted: true })
    work.set({ steady: false })
    if (asked) continue
    work.countFailure(task.startedBy)
    if (work.service.failures === 3)
      work.event(
        'is unable to consistently start tasks successfully. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.',
      )
  }
}

/** Notes the tasks that their load balancer has found unwell, once their grace period is over: they are to be replaced. */
function noteUnwell(work: ServiceWork): void {
  const grace = (work.service.gracePeriodSeconds ?? 0) * 1000
  for (const task of work.active()) {
    if (task.unwell !== undefined || task.lastStatus !== 'RUNNING' || work.now - task.startedAt! < grace)
      continue
    for (const { groupArn, id, port } of targetsOf(work.scope, task)) {
      const target = targets.find(work.scope, groupArn, id, port)
      if (target?.state !== 'unhealthy') continue
      work.event(
        `(task ${task.id}) (port ${port}) is unhealthy in (target-group ${groupArn}) due to (reason ${target.description}).`,
      )
      tasks.put(work.scope, {
        ...task,
        unwell: `Task failed ELB health checks in (target-group ${groupArn})`,
      })
      break
    }
  }
}

/** A service that is being deleted ends with its last task. */
function drain(work: ServiceWork): undefined {
  work.stop(work.active())
  if (!work.all().some(({ lastStatus }) => lastStatus !== 'STOPPED')) work.set({ status: 'INACTIVE' })
  return undefined
}
