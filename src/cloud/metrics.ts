import { type Datum, putMetrics } from '#aws/cloudwatch/index.ts'
import { instanceTypes, type Scope, tables } from '#aws/ec2/index.ts'
import { type ClusterRecord, instanceOf, type TaskRecord } from '#aws/ecs/index.ts'
import {
  balancersByGroup,
  type LoadBalancerTraffic,
  type Traffic,
  targetGroups,
  targets,
} from '#aws/elbv2/index.ts'
import type { Timer } from '#world/clock.ts'
import type { StoreIndex } from '#world/store-index.ts'
import type { World } from '#world/world.ts'
import { containerInsights, insightClusters, taskUse } from './container-insights.ts'
import type { Placed } from './ecs-metadata.ts'
import type { EcsTasks } from './ecs-tasks.ts'

/** How often use is looked at, ms of the world's clock: a minute of CloudWatch has four samples. */
const SAMPLE_MS = 15_000
const GROUP_TAG = 'aws:autoscaling:groupName'

/** Gives CloudWatch what the simulation really does: the CPU and memory that tasks use, the requests that load balancers answer. */
export class Metrics {
  readonly #world: World
  readonly #insightClusters: StoreIndex<ClusterRecord>
  readonly #tasks: EcsTasks
  readonly #traffic: LoadBalancerTraffic
  #timer: Timer | undefined

  constructor(world: World, tasks: EcsTasks, traffic: LoadBalancerTraffic) {
    this.#world = world
    this.#insightClusters = insightClusters(world.store)
    this.#tasks = tasks
    this.#traffic = traffic
  }

  start(): void {
    this.#timer = this.#world.clock.setTimer(SAMPLE_MS, () => {
      this.#sample()
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#insightClusters.close()
  }

  #sample(): void {
    const places = new Map<string, { scope: Scope; data: Datum[] }>()
    const add = (scope: Scope, data: Datum[]) => {
      const before = places.get(placeOf(scope))?.data ?? []
      if (data.length > 0) places.set(placeOf(scope), { scope, data: [...before, ...data] })
    }
    const running = [...this.#tasks.living()].filter(({ task }) => task.lastStatus === 'RUNNING')
    for (const placed of Map.groupBy(running, ({ scope }) => placeOf(scope)).values()) {
      add(placed[0]!.scope, this.#services(placed))
      add(placed[0]!.scope, this.#instances(placed))
    }
    for (const traffic of this.#traffic.meter.take()) {
      const [, , , region = '', accountId = ''] = traffic.balancerArn.split(':')
      const scope: Scope = { world: this.#world, accountId, region }
      add(scope, trafficData(scope, traffic))
    }
    for (const scope of this.#traffic.scopes()) add(scope, hostCounts(scope))
    const useOf = (scope: Scope, task: TaskRecord) =>
      taskUse(this.#use(task), this.#tasks.reserved(scope, task))
    for (const { scope, data } of containerInsights(this.#world, this.#insightClusters, useOf))
      add(scope, data)
    for (const { scope, data } of places.values()) putMetrics(scope, data)
  }

  #use(task: TaskRecord): { cpuMilli: number; memoryBytes: number } {
    const each = task.containers.map(({ name }) => this.#tasks.usage(task, name))
    return {
      cpuMilli: each.reduce((sum, one) => sum + (one?.cpuMilli ?? 0), 0),
      memoryBytes: each.reduce((sum, one) => sum + (one?.memoryBytes ?? 0), 0),
    }
  }

  /** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html: use as a share of what the tasks reserve. */
  #services(placed: Placed[]): Datum[] {
    const ofServices = placed.filter(({ task }) => task.service !== undefined)
    const groups = Map.groupBy(ofServices, ({ task }) => `${task.cluster}/${task.service}`)
    return [...groups.values()].flatMap((members) => {
      const { cluster, service = '' } = members[0]!.task
      const dimensions = { ClusterName: cluster, ServiceName: service }
      const shares = members.map(({ scope, task }) => {
        const { cpuMilli, memoryBytes } = this.#use(task)
        const { cpu, memory } = this.#tasks.reserved(scope, task)
        return {
          cpu: cpu > 0 ? (cpuMilli * 1.024 * 100) / cpu : 0,
          memory: memory > 0 ? (memoryBytes * 100) / (memory * 1024 * 1024) : 0,
        }
      })
      return (['cpu', 'memory'] as const).map((kind) => {
        const values = shares.map((share) => share[kind])
        return {
          namespace: 'AWS/ECS',
          name: kind === 'cpu' ? 'CPUUtilization' : 'MemoryUtilization',
          dimensions,
          unit: 'Percent',
          count: values.length,
          sum: values.reduce((sum, value) => sum + value, 0),
          min: Math.min(...values),
          max: Math.max(...values),
        }
      })
    })
  }

  /** The CPU of container instances: what their tasks use. */
  #instances(placed: Placed[]): Datum[] {
    const used = new Map<string, { scope: Scope; cpuMilli: number }>()
    for (const { scope, task } of placed) {
      const id = instanceOf(scope, task)?.machineId
      if (id === undefined) continue
      const before = used.get(id)?.cpuMilli ?? 0
      used.set(id, { scope, cpuMilli: before + this.#use(task).cpuMilli })
    }
    return [...used].flatMap(([id, { scope, cpuMilli }]) => {
      const instance = tables.instances.find(scope, id)
      const vcpus = instance && instanceTypes.get(instance.type)?.vcpus
      if (!instance || !vcpus) return []
      const group = instance.tags[GROUP_TAG]
      const of = (dimensions: Record<string, string>): Datum => ({
        namespace: 'AWS/EC2',
        name: 'CPUUtilization',
        dimensions,
        unit: 'Percent',
        sum: cpuMilli / (vcpus * 10),
      })
      return [of({ InstanceId: id }), ...(group ? [of({ AutoScalingGroupName: group })] : [])]
    })
  }
}

const placeOf = ({ accountId, region }: Scope) => `${accountId}/${region}`
const idOf = (arn: string) => arn.split(':')[5]!
const balancerDimension = (arn: string) => idOf(arn).replace(/^loadbalancer\//, '')

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html */
function trafficData(scope: Scope, traffic: Traffic): Datum[] {
  const balancer = { LoadBalancer: balancerDimension(traffic.balancerArn) }
  const ofGroup = traffic.groupArn === undefined ? [] : [{ ...balancer, TargetGroup: idOf(traffic.groupArn) }]
  const both = (name: string, rest: Omit<Datum, 'namespace' | 'name' | 'dimensions'>): Datum[] =>
    [balancer, ...ofGroup].map((dimensions) => ({
      namespace: 'AWS/ApplicationELB',
      name,
      dimensions,
      ...rest,
    }))
  const counts = (classes: Map<string, number>, who: string) =>
    [...classes].flatMap(([name, sum]) => both(`HTTPCode_${who}_${name}_Count`, { unit: 'Count', sum }))
  const seconds =
    traffic.answers === 0
      ? []
      : both('TargetResponseTime', {
          unit: 'Seconds',
          count: traffic.answers,
          sum: traffic.totalMs / 1000,
          min: traffic.fastestMs / 1000,
          max: traffic.slowestMs / 1000,
        })
  const healthy = traffic.groupArn === undefined ? 0 : healthyOf(scope, traffic.groupArn)
  const perTarget: Datum[] =
    healthy === 0
      ? []
      : [{ TargetGroup: idOf(traffic.groupArn!) }, ...ofGroup].map((dimensions) => ({
          namespace: 'AWS/ApplicationELB',
          name: 'RequestCountPerTarget',
          dimensions,
          unit: 'Count',
          sum: traffic.requests / healthy,
        }))
  return [
    ...both('RequestCount', { unit: 'Count', sum: traffic.requests }),
    ...counts(traffic.byTarget, 'Target'),
    ...counts(traffic.byBalancer, 'ELB'),
    ...seconds,
    ...perTarget,
  ]
}

const healthyOf = (scope: Scope, groupArn: string): number =>
  targets.list(scope, groupArn).filter(({ state }) => state === 'healthy').length

/** How many targets of each group in use take traffic. */
function hostCounts(scope: Scope): Datum[] {
  const users = balancersByGroup(scope)
  return targetGroups.list(scope).flatMap(({ arn, protocol }) => {
    const balancer = users.get(arn)?.[0]
    if (balancer === undefined) return []
    const all = targets.list(scope, arn).filter(({ state }) => state !== 'draining')
    const healthy = all.filter(({ state }) => state === 'healthy').length
    const namespace = protocol === 'HTTP' ? 'AWS/ApplicationELB' : 'AWS/NetworkELB'
    const dimensions = { TargetGroup: idOf(arn), LoadBalancer: balancerDimension(balancer) }
    return [
      { namespace, name: 'HealthyHostCount', dimensions, unit: 'Count', sum: healthy },
      { namespace, name: 'UnHealthyHostCount', dimensions, unit: 'Count', sum: all.length - healthy },
    ]
  })
}
