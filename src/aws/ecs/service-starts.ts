import { AwsError } from '../wire/service.ts'
import { balancersFor } from './blue-green.ts'
import { eventReason } from './choose-instance.ts'
import { durations } from './data/durations.ts'
import { type Launched, launchTask } from './launch.ts'
import type {
  ContainerInstanceRecord,
  DeploymentRecord,
  ServiceRecord,
  TaskRecord,
  TaskSetRecord,
} from './records.ts'
import { registriesOf } from './service-registries.ts'
import { type ServiceWork, shortIds } from './service-work.ts'
import { clusters, definitionByArn } from './tables.ts'

/** How long a service that found no room waits before it looks again, ms. */
export const PLACEMENT_RETRY_MS = 30_000
const TROUBLESHOOTING =
  'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.'

/** What tasks are started of: a deployment, or a task set. */
type Startable = DeploymentRecord | TaskSetRecord

/** How long to wait before the next start, ms: longer with each failure in a row. */
export function backOff({ service: { failures, failedAt }, scope }: ServiceWork): number {
  if (failures === 0) return 0
  const { restartBackOff, restartBackOffMax } = durations
  const delay = Math.min(restartBackOff * 2 ** (failures - 1), restartBackOffMax)
  // Even at once takes a moment, so that a task that always fails does not spin.
  const shortest = Math.min(delay, 1000 * failures)
  return failedAt + Math.max(scope.world.provisioningTime(delay), shortest) - scope.world.clock.now()
}

/** Starts tasks of a deployment, on the instances given or where they are placed; gives whether all found a place. */
export function startTasks(
  work: ServiceWork,
  deployment: Startable,
  places: (ContainerInstanceRecord | undefined)[],
): boolean {
  const started: TaskRecord[] = []
  let placed = true
  try {
    for (const instance of places) {
      const { task, choice } = launch(work, deployment, instance, started)
      if (task) started.push(task)
      else {
        placed = false
        work.eventOnce(
          `was unable to place a task because no container instance met all of its requirements. ${eventReason(choice)} ${TROUBLESHOOTING}`,
        )
        break
      }
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    work.eventOnce(`failed to launch a task with (error ${error.message}).`)
    work.countFailure(deployment.id)
  }
  if (started.length > 0) {
    work.set({ steady: false })
    const replaced = work.replacing(deployment.id, started.length)
    const why = replaced > 0 ? ` Amazon ECS replaced ${replaced} tasks due to an unhealthy status.` : ''
    work.event(`has started ${started.length} tasks: ${shortIds(started)}.${why}`)
  }
  return placed
}

function launch(
  work: ServiceWork,
  deployment: Startable,
  instance: ContainerInstanceRecord | undefined,
  started: TaskRecord[],
): Launched {
  const { scope, service } = work
  const definition = definitionByArn(scope, deployment.definitionArn)!
  return launchTask(scope, {
    cluster: clusters.find(scope, service.cluster)!,
    definition,
    placement: {
      launchType: deployment.launchType,
      strategy: deployment.strategy,
      platformVersion: deployment.platformVersion,
      network: deployment.network,
      rules: service.rules,
    },
    group: `service:${service.name}`,
    startedBy: deployment.id,
    service: service.name,
    loadBalancers:
      'loadBalancers' in deployment ? deployment.loadBalancers : balancersFor(service, deployment),
    registries: 'registries' in deployment ? deployment.registries : registriesOf(service),
    enableExecuteCommand: service.enableExecuteCommand,
    tags: tagsFor(service, definition.tags),
    beside: [...work.active(), ...started],
    instance,
  })
}

function tagsFor(
  { propagateTags, managedTags, tags, cluster, name }: ServiceRecord,
  ofDefinition: Record<string, string>,
): Record<string, string> {
  return {
    ...(propagateTags === 'SERVICE' ? tags : propagateTags === 'TASK_DEFINITION' ? ofDefinition : {}),
    ...(managedTags ? { 'aws:ecs:clusterName': cluster, 'aws:ecs:serviceName': name } : {}),
  }
}
