import {
  type CoreV1Event,
  type KubeConfig,
  KubernetesObjectApi,
  type V1Condition,
  type V1Container,
  type V1Deployment,
  type V1Pod,
  type V1Service,
} from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'

/** Where a lab's Kubernetes objects are read. */
export class Cluster {
  readonly config: KubeConfig
  readonly #objects: KubernetesObjectApi

  constructor(config: KubeConfig) {
    this.config = config
    this.#objects = KubernetesObjectApi.makeApiClient(config)
  }

  /** The object of a name; undefined when there is none. `kind`: `apps/v1/Deployment`, `v1/Pod`. */
  async get<T>(kind: string, name: string, namespace?: string): Promise<T | undefined> {
    const answer = await unlessMissing(
      this.#objects.read({ ...typeOf(kind), metadata: { name, ...(namespace && { namespace }) } }),
      'NotFound',
    )
    return answer as T | undefined
  }

  /** All objects of a kind, of one namespace or of all. `labels`: `app=web,tier=front`. */
  async list<T>(kind: string, namespace?: string, labels?: string): Promise<T[]> {
    const { apiVersion, kind: name } = typeOf(kind)
    const answer = await this.#objects.list(
      apiVersion,
      name,
      namespace,
      undefined,
      undefined,
      undefined,
      undefined,
      labels,
    )
    return answer.items as T[]
  }

  /** The pods of a namespace that nobody is deleting. */
  async pods(namespace: string, labels?: string): Promise<V1Pod[]> {
    const pods = await this.list<V1Pod>('v1/Pod', namespace, labels)
    return pods.filter(({ metadata }) => !metadata?.deletionTimestamp)
  }
}

/** The self-managed cluster that `kind create cluster` makes. */
export async function kindCluster(t: CheckContext): Promise<Cluster> {
  return new Cluster(await t.selfManaged('kind-kind'))
}

/** The EKS cluster `harbor` of the labs. */
export async function eksCluster(t: CheckContext): Promise<Cluster> {
  return new Cluster(await t.kubernetes('harbor'))
}

export interface Wanted {
  name: string
  namespace?: string
  /** Fewest replicas. Default 1. */
  replicas?: number
  hint: string
}

export interface Existing {
  /** The finding's id; default `no-<name>`. */
  id?: string
  /** Default: `default`; what has none is found without. */
  namespace?: string
  cause?: string
  hint: string
}

/** The object of a name exists. `kind` as `Cluster.get` has it. */
export async function existing<T>(
  t: CheckContext,
  cluster: Cluster,
  kind: string,
  name: string,
  { id = `no-${name}`, namespace, cause, hint }: Existing,
): Promise<T> {
  const word = typeOf(kind).kind
  const elsewhere = namespace !== undefined && namespace !== 'default'
  return t.found(await cluster.get<T>(kind, name, namespace ?? 'default'), {
    id,
    title: `The ${word} ${name}${elsewhere ? ` of ${namespace}` : ''} exists`,
    expected: `a ${word} ${name}${elsewhere ? ` in the namespace ${namespace}` : ''}`,
    observed: 'there is none',
    evidence: `kubectl get ${word.toLowerCase()}s${elsewhere ? ` -n ${namespace}` : ''}`,
    ...(cause !== undefined && { cause }),
    hint,
  })
}

/** The Deployment exists (`no-<name>`) and all its pods are ready (`<name>-not-ready`). */
export async function readyDeployment(
  t: CheckContext,
  cluster: Cluster,
  wanted: Wanted,
): Promise<V1Deployment> {
  const { name, namespace = 'default', replicas = 1, hint } = wanted
  const flag = namespace === 'default' ? '' : ` -n ${namespace}`
  const deployment = await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', name, {
    namespace,
    cause: 'It was not created yet, or under another name or in another namespace.',
    hint,
  })
  const { readyReplicas = 0, updatedReplicas = 0, replicas: all = 0 } = deployment.status ?? {}
  const want = Math.max(deployment.spec?.replicas ?? 1, replicas)
  t.expect(readyReplicas >= want && updatedReplicas >= want && all === updatedReplicas, {
    id: `${name}-not-ready`,
    title: `All pods of ${name} are ready`,
    expected: `${want} ready, all of the newest template`,
    observed: `${readyReplicas} ready of ${all}, ${updatedReplicas} of the newest template`,
    seen: `${readyReplicas} ready`,
    evidence: `kubectl get pods${flag}`,
    cause: await whyNotReady(cluster, deployment),
    hint: `kubectl rollout status deployment/${name}${flag}; when it stays so: kubectl describe pods${flag}`,
  })
  return deployment
}

/** Why a Deployment has fewer ready pods than it wants, as the cluster says it itself. */
async function whyNotReady(cluster: Cluster, { metadata, spec, status }: V1Deployment): Promise<string> {
  const failure = status?.conditions?.find(
    (condition) => condition.type === 'ReplicaFailure' && condition.status === 'True',
  )
  if (failure) return `No pod can be made: ${failure.message}`
  const namespace = metadata!.namespace!
  const labels = Object.entries(spec!.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const pods = (await cluster.pods(namespace, labels.join())).filter((pod) => !isReady(pod))
  return troubleOf(pods) ?? (await warningOf(cluster, namespace, pods)) ?? 'The pods are still starting.'
}

/** The last warning about one of some objects of a namespace. */
export async function warningOf(
  cluster: Cluster,
  namespace: string,
  about: { metadata?: { name?: string } }[],
): Promise<string | undefined> {
  const names = new Set(about.map(({ metadata }) => metadata?.name))
  const events = await cluster.list<CoreV1Event>('v1/Event', namespace)
  const warning = events
    .filter(({ type, involvedObject }) => type === 'Warning' && names.has(involvedObject.name))
    .toSorted((one, other) => lastSeen(one) - lastSeen(other))
    .at(-1)
  return warning && `${warning.involvedObject.name}: ${warning.reason} ${warning.message}`
}

/** ms since the epoch. */
const lastSeen = ({ series, lastTimestamp, eventTime }: CoreV1Event): number =>
  Number(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? 0)

/** What keeps pods from being ready, in a sentence; undefined when nothing does. */
export function troubleOf(pods: V1Pod[]): string | undefined {
  for (const pod of pods) {
    const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting?.reason)?.state?.waiting
    const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')
    if (scheduled?.status === 'False') return `${pod.metadata!.name} is not scheduled: ${scheduled.message}`
    if (!scheduled && !pod.spec?.nodeName)
      return `${pod.metadata!.name} has no node, and no scheduler has said why.`
    if (waiting && waiting.reason !== 'ContainerCreating')
      return `${pod.metadata!.name}: ${waiting.reason} ${waiting.message ?? ''}`.trim()
  }
  return undefined
}

export const isReady = (object: { status?: { conditions?: Pick<V1Condition, 'type' | 'status'>[] } }) =>
  object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false

export const containersOf = (deployment: V1Deployment): V1Container[] =>
  deployment.spec?.template.spec?.containers ?? []

/** The port of a pod that a port of a Service leads to. */
export function targetPort({ spec }: V1Service, port: number, pod: V1Pod): number {
  const target = spec?.ports?.find((one) => one.port === port)?.targetPort
  const named = pod.spec?.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)
  return named?.containerPort ?? Number(target ?? port)
}

function typeOf(kind: string): { apiVersion: string; kind: string } {
  const end = kind.lastIndexOf('/')
  return { apiVersion: kind.slice(0, end), kind: kind.slice(end + 1) }
}
