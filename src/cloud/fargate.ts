import { createHash } from 'node:crypto'
import { privateDnsName, tables } from '#aws/ec2/index.ts'
import { createInterface, removeInterface } from '#aws/ec2/interfaces.ts'
import { durations } from '#aws/eks/data/durations.ts'
import { fargateSize, SYSTEM_MIB, sizeText } from '#aws/eks/data/fargate-sizes.ts'
import { versionInfo } from '#aws/eks/data/versions.ts'
import type { FargateProfileRecord, NodeRecord } from '#aws/eks/index.ts'
import { fargateProfiles, nodes as nodeTable } from '#aws/eks/tables.ts'
import { AwsError } from '#aws/wire/service.ts'
import type { Node, Pod } from '#kubernetes/objects.ts'
import { isFinished } from '#kubernetes/pods.ts'
import { parseMilli, parseQuantity } from '#kubernetes/quantity.ts'
import type { Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import type { Clusters, RunningCluster } from './clusters.ts'
import { FARGATE_PROFILE, FARGATE_SCHEDULER } from './pod-webhooks.ts'

const PROFILE_KEY = /^aws\/(\d+)\/([^/]+)\/eks\/fargate-profiles\/([^/]+)\/([^/]+)$/
const POD_KEY = /^kubernetes\/([^/]+)\/core\/pods\/([^/]+)\/([^/]+)$/
const RETRY_MS = 30_000
const READY_POLL_MS = 500
const MIB = 1024 * 1024

/**
 * Fargate's scheduler: each pod that a profile has taken gets a node of its own, with one address for both, and the node goes with it.
 * https://docs.aws.amazon.com/eks/latest/userguide/fargate.html
 */
export class Fargate {
  readonly #world: World
  readonly #clusters: Clusters
  readonly #controllers: { stop(): void }[] = []

  constructor(world: World, clusters: Clusters) {
    this.#world = world
    this.#clusters = clusters
  }

  start(): void {
    const pods = this.#world.controllers.start({
      name: 'fargate-scheduler',
      sources: [
        {
          prefix: 'kubernetes/',
          keys: ({ key, entry }) =>
            POD_KEY.test(key) && (entry.value as Pod).spec?.schedulerName === FARGATE_SCHEDULER ? [key] : [],
        },
      ],
      reconcile: (key) => {
        const [, uid = '', namespace = '', name = ''] = POD_KEY.exec(key)!
        const cluster = this.#clusters.find(uid)
        return cluster && this.#reconcile(cluster, namespace, name)
      },
    })
    const profiles = this.#world.controllers.start({
      name: 'fargate-profiles',
      sources: [{ prefix: 'aws/', keys: ({ key }) => (PROFILE_KEY.test(key) ? [key] : []) }],
      reconcile: (key) => this.#endPods(key),
    })
    this.#controllers.push(pods, profiles)
  }

  stop(): void {
    for (const controller of this.#controllers) controller.stop()
  }

  /** The pods of a profile that is being deleted go with it. */
  #endPods(key: string): void {
    const [, account, region, clusterName = '', name = ''] = PROFILE_KEY.exec(key)!.map(decodeURIComponent)
    const cluster = this.#clusters
      .named(clusterName)
      .find(({ scope }) => scope.accountId === account && scope.region === region)
    if (!cluster || fargateProfiles.find(cluster.scope, clusterName, name)?.status !== 'DELETING') return
    const { client } = cluster.kubernetes
    for (const { metadata } of client.list<Pod>('pods'))
      if (metadata.labels?.[FARGATE_PROFILE] === name && !metadata.deletionTimestamp)
        client.delete('pods', metadata.namespace!, metadata.name)
  }

  #reconcile(cluster: RunningCluster, namespace: string, name: string): Result | undefined {
    const pod = cluster.kubernetes.client.get<Pod>('pods', namespace, name)
    this.#sweep(cluster)
    if (!pod || pod.metadata.deletionTimestamp || pod.spec.nodeName || isFinished(pod)) return undefined
    const profile = fargateProfiles.find(
      cluster.scope,
      cluster.record.name,
      pod.metadata.labels?.[FARGATE_PROFILE] ?? '',
    )
    const trouble = profile?.status === 'ACTIVE' ? unsupported(pod) : 'Fargate profile not found'
    if (trouble || !profile) return this.#fail(cluster, pod, trouble!)
    const due =
      Date.parse(pod.metadata.creationTimestamp!) + this.#world.provisioningTime(durations.fargateNode)
    const left = due - this.#world.clock.now()
    if (left > 0) return { requeueAfterMs: left }
    return this.#place(cluster, pod, profile)
  }

  #fail({ kubernetes }: RunningCluster, pod: Pod, message: string): Result {
    kubernetes.client.event(pod, 'Warning', 'FailedScheduling', message, { component: FARGATE_SCHEDULER })
    return { requeueAfterMs: RETRY_MS }
  }

  /** Makes the pod's node, and binds the pod once the node is ready. */
  #place(cluster: RunningCluster, pod: Pod, profile: FargateProfileRecord): Result | undefined {
    const { kubernetes, scope, record } = cluster
    const uid = pod.metadata.uid!
    let node = nodeTable.find(scope, record.name, uid)
    if (!node) {
      const size = sizeOf(pod)!
      try {
        node = makeNode(cluster, pod, profile, size)
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
        return this.#fail(cluster, pod, `Pod provisioning failed: ${error.message}`)
      }
      nodeTable.put(scope, node, record.name, uid)
      const annotations = { ...pod.metadata.annotations, CapacityProvisioned: sizeText(size) }
      kubernetes.client.update<Pod>('pods', { ...pod, metadata: { ...pod.metadata, annotations } })
    }
    const conditions = kubernetes.client.get<Node>('nodes', '', node.name)?.status?.conditions ?? []
    if (!conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) {
      return { requeueAfterMs: READY_POLL_MS }
    }
    kubernetes.client.bind(pod.metadata.namespace!, pod.metadata.name, node.name)
    kubernetes.client.event(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${node.name}`,
      { component: FARGATE_SCHEDULER },
    )
    return undefined
  }

  /** Nodes whose pod is gone go too. */
  #sweep({ kubernetes, scope, record }: RunningCluster): void {
    const own = nodeTable
      .list(scope, record.name)
      .filter(({ fargateProfile }) => fargateProfile !== undefined)
    if (own.length === 0) return
    const alive = new Set(
      kubernetes.client
        .list<Pod>('pods')
        .filter((pod) => !isFinished(pod))
        .map(({ metadata }) => metadata.uid),
    )
    for (const node of own) {
      if (alive.has(node.instanceId)) continue
      nodeTable.delete(scope, record.name, node.instanceId)
      const eni = tables.networkInterfaces
        .list(scope)
        .find((one) => one.addresses[0] === node.internalIp && one.vpcId === record.vpcId)
      if (eni) removeInterface(scope, eni.id)
    }
  }
}

/** Why Fargate does not take a pod, in its scheduler's words. */
function unsupported(pod: Pod): string | undefined {
  const { spec } = pod
  const fields = [
    spec.hostNetwork && 'HostNetwork',
    spec.hostPID && 'HostPID',
    spec.hostIPC && 'HostIPC',
    spec.containers.some(({ ports }) => ports?.some(({ hostPort, hostIP }) => hostPort || hostIP)) &&
      'port contains HostIP or HostPort',
  ].filter((field) => field)
  if (fields.length > 0) return `Pod not supported on Fargate: fields not supported: ${fields.join(', ')}`
  const privileged = spec.containers.some(({ securityContext }) => securityContext?.privileged)
  if (privileged) return 'Pod not supported on Fargate: invalid SecurityContext fields: Privileged'
  const volume = (spec.volumes ?? []).find(
    ({ hostPath, persistentVolumeClaim }) => hostPath || persistentVolumeClaim,
  )
  if (volume) {
    const why = volume.hostPath ? 'HostPath' : `PVC ${volume.persistentVolumeClaim!.claimName} not bound`
    return `Pod not supported on Fargate: volumes not supported: ${volume.name} not supported because: ${why}`
  }
  return sizeOf(pod)
    ? undefined
    : 'Pod not supported on Fargate: resource requests exceed the largest Fargate size'
}

/** Requests of the containers together, or of the largest init container, with the system's share. */
function sizeOf({ spec }: Pod): { cpu: number; memory: number } | undefined {
  const request = (container: Pod['spec']['containers'][number], name: string) =>
    container.resources?.requests?.[name] ?? container.resources?.limits?.[name] ?? '0'
  const need = (name: string, read: (text: string) => number) => {
    const sum = spec.containers.reduce((all, container) => all + read(request(container, name)), 0)
    return Math.max(sum, ...(spec.initContainers ?? []).map((container) => read(request(container, name))))
  }
  return fargateSize(need('cpu', parseMilli), need('memory', parseQuantity) / MIB + SYSTEM_MIB)
}

function makeNode(
  { scope, record }: RunningCluster,
  pod: Pod,
  profile: FargateProfileRecord,
  size: { cpu: number; memory: number },
): NodeRecord {
  const all = tables.subnets.list(scope, profile.subnetIds)
  const subnet = all[scope.world.ids.number(all.length)]!
  const eni = createInterface(scope, {
    subnet,
    groupIds: [record.clusterSecurityGroupId!],
    description: `Fargate pod ${pod.metadata.namespace}/${pod.metadata.name}`,
    requesterId: 'amazon-aws',
    attachment: { instanceOwnerId: 'amazon-aws', deviceIndex: 1, deleteOnTermination: true },
  })
  const address = eni.addresses[0]!
  const name = `fargate-${privateDnsName(scope.region, address)}`
  const uid = pod.metadata.uid!
  const token = createHash('sha256').update(uid).digest('hex')
  const memory = `${size.memory * 1024}Ki`
  const resources = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: '1', 'ephemeral-storage': '20Gi' }
  return {
    clusterName: record.name,
    clusterUid: record.uid,
    nodegroupName: '',
    fargateProfile: profile.name,
    roleArn: profile.podExecutionRoleArn,
    instanceId: uid,
    name,
    providerId: `aws:///${subnet.zone}/${token.slice(0, 10)}-${token.slice(10, 42)}/${name}`,
    internalIp: address,
    labels: {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'eks.amazonaws.com/compute-type': 'fargate',
      'failure-domain.beta.kubernetes.io/region': scope.region,
      'failure-domain.beta.kubernetes.io/zone': subnet.zone,
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': privateDnsName(scope.region, address),
      'kubernetes.io/os': 'linux',
      'topology.kubernetes.io/region': scope.region,
      'topology.kubernetes.io/zone': subnet.zone,
    },
    taints: [{ key: 'eks.amazonaws.com/compute-type', value: 'fargate', effect: 'NoSchedule' }],
    fargateSize: size,
    capacity: { cpu: String(Math.max(2, size.cpu / 1000)), memory, ...resources },
    allocatable: { cpu: String(Math.max(2, size.cpu / 1000)), memory, ...resources },
    kubeletVersion: versionInfo(record.version)!.kubeletVersion,
    architecture: 'amd64',
    draining: false,
    joinedAt: scope.world.clock.now(),
  }
}
