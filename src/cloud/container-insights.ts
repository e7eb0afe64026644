import type { Datum } from '#aws/cloudwatch/index.ts'
import type { Scope } from '#aws/ec2/index.ts'
import { scopeOfKey } from '#aws/ec2/index.ts'
import {
  type ClusterRecord,
  containerInstances,
  countOf,
  services,
  type TaskRecord,
  tasks,
} from '#aws/ecs/index.ts'
import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'

const CLUSTER_KEY = /^aws\/\d+\/[^/]+\/ecs\/clusters\//
const NAMESPACE = 'ECS/ContainerInsights'
const MIB = 1024 * 1024

/** What a task uses and what it reserves: CPU units and MiB. */
export interface TaskUse {
  cpu: { used: number; reserved: number }
  memory: { used: number; reserved: number }
}

const isOn = ({ status, settings }: ClusterRecord) =>
  status === 'ACTIVE' &&
  settings.some(({ name, value }) => name === 'containerInsights' && value !== 'disabled')

/** The clusters whose Container Insights are on. */
export const insightClusters = (store: Store): StoreIndex<ClusterRecord> =>
  new StoreIndex<ClusterRecord>(store, 'aws/', (record, key) =>
    CLUSTER_KEY.test(key) && isOn(record) ? ['on'] : [],
  )

/**
 * What Container Insights tell of the clusters that have them: of clusters, services and families of task definitions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html (from knowledge, 2026-11)
 */
export function containerInsights(
  world: World,
  index: StoreIndex<ClusterRecord>,
  useOf: (scope: Scope, task: TaskRecord) => TaskUse,
): { scope: Scope; data: Datum[] }[] {
  return index.keys('on').map((key) => {
    const scope = scopeOfKey(world, key)
    const name = decodeURIComponent(key.split('/').at(-1)!)
    const living = tasks.list(scope, name).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
    const running = living.filter(({ lastStatus }) => lastStatus === 'RUNNING')
    const used = new Map(running.map((task) => [task, useOf(scope, task)]))
    const use = (dimensions: Record<string, string>, members: TaskRecord[]): Datum[] => {
      const own = members.flatMap((task) => used.get(task) ?? [])
      const total = (metric: string, unit: string, of: (one: TaskUse) => number) =>
        datum(
          metric,
          dimensions,
          own.reduce((sum, one) => sum + of(one), 0),
          unit,
        )
      if (own.length === 0) return []
      return [
        total('CpuUtilized', 'None', ({ cpu }) => cpu.used),
        total('CpuReserved', 'None', ({ cpu }) => cpu.reserved),
        total('MemoryUtilized', 'Megabytes', ({ memory }) => memory.used),
        total('MemoryReserved', 'Megabytes', ({ memory }) => memory.reserved),
      ]
    }
    const ClusterName = name
    const active = services.list(scope, name).filter(({ status }) => status === 'ACTIVE')
    const families = Map.groupBy(running, ({ definitionArn }) => familyOf(definitionArn))
    const data = [
      ...use({ ClusterName }, running),
      datum('TaskCount', { ClusterName }, running.length),
      datum('ServiceCount', { ClusterName }, active.length),
      datum('ContainerInstanceCount', { ClusterName }, containerInstances.list(scope, name).length),
      ...active.flatMap((service) => {
        const dimensions = { ClusterName, ServiceName: service.name }
        const own = living.filter((task) => task.service === service.name)
        const { runningCount, pendingCount } = countOf(own)
        return [
          ...use(dimensions, own),
          datum('DesiredTaskCount', dimensions, service.desiredCount),
          datum('RunningTaskCount', dimensions, runningCount),
          datum('PendingTaskCount', dimensions, pendingCount),
          datum('DeploymentCount', dimensions, service.deployments.length),
        ]
      }),
      ...[...families].flatMap(([family, members]) =>
        use({ ClusterName, TaskDefinitionFamily: family }, members),
      ),
    ]
    return { scope, data }
  })
}

const datum = (name: string, dimensions: Record<string, string>, sum: number, unit = 'Count'): Datum => ({
  namespace: NAMESPACE,
  name,
  dimensions,
  unit,
  sum,
})

const familyOf = (definitionArn: string) => definitionArn.split('/').at(-1)!.split(':')[0]!

/** As Container Insights count: 1024 CPU units a core, and MiB. */
export const taskUse = (
  used: { cpuMilli: number; memoryBytes: number },
  reserved: { cpu: number; memory: number },
): TaskUse => ({
  cpu: { used: used.cpuMilli * 1.024, reserved: reserved.cpu },
  memory: { used: used.memoryBytes / MIB, reserved: reserved.memory },
})
