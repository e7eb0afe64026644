import { type ClusterApi, type ContainerUsage, type KubernetesObject, StatusError } from '../api.ts'
import { SYSTEM_USE } from '../kubelet/server/node-use.ts'
import type { EndpointSlice, Node, Pod } from '../objects.ts'
import { parseTime, timestamp } from '../time.ts'

/** How often metrics-server asks the kubelets, ms, and so the span that CPU use is averaged over. */
const RESOLUTION_MS = 15_000
/** What metrics-server is called by. */
const API_SERVICE = 'v1beta1.metrics.k8s.io'

/** `metrics.k8s.io/v1beta1`: present use, CPU in nanocores and memory in Ki, as metrics-server writes them. */
interface Usage {
  cpu: string
  memory: string
}

interface Measured extends KubernetesObject {
  timestamp: string
  window: string
}

export interface PodMetrics extends Measured {
  containers: { name: string; usage: Usage }[]
}

export interface NodeMetrics extends Measured {
  usage: Usage
}

interface ApiService extends KubernetesObject {
  spec: { service?: { namespace: string; name: string; port?: number } }
}

/** Present use of a pod's running containers, as its kubelet knows it. */
type UsageSource = (namespace: string, pod: string) => ContainerUsage[]
type Reader = Pick<ClusterApi, 'get' | 'list'>

/** What metrics-server answers, while one is installed and ready in the cluster. */
export class ResourceMetrics {
  readonly #api: Reader
  readonly #usage: UsageSource
  readonly #now: () => number

  constructor(api: Reader, usage: UsageSource, now: () => number) {
    this.#api = api
    this.#usage = usage
    this.#now = now
  }

  /** Throws the error of a request for `resource` that nobody can answer: NotFound, ServiceUnavailable. */
  check(resource: string): void {
    const service = this.#api.get<ApiService>('apiservices.apiregistration.k8s.io', '', API_SERVICE)
    if (!service) {
      const message = `the server could not find the requested resource (get ${resource}.metrics.k8s.io)`
      throw new StatusError(404, 'NotFound', message)
    }
    if (service.spec.service && hasEndpoints(this.#api, service.spec.service)) return
    const message = `the server is currently unable to handle the request (get ${resource}.metrics.k8s.io)`
    throw new StatusError(503, 'ServiceUnavailable', message)
  }

  /** A pod's use; undefined until its containers have been seen for long enough. */
  ofPod(pod: Pod): PodMetrics | undefined {
    const usage = this.#measured(pod)
    if (usage.length === 0) return
    const { name, namespace, labels, creationTimestamp } = pod.metadata
    return {
      kind: 'PodMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: {
        name,
        namespace: namespace!,
        creationTimestamp: creationTimestamp!,
        ...(labels && { labels }),
      },
      ...this.#window(),
      containers: usage.map((container) => ({ name: container.name, usage: usageOf(container) })),
    }
  }

  /** A node's use: the system and its pods. Undefined while it is not ready, or has just joined. */
  ofNode(node: Node, pods: Pod[]): NodeMetrics | undefined {
    const { name, labels, creationTimestamp } = node.metadata
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
    const since = parseTime(ready?.lastTransitionTime)
    if (ready?.status !== 'True' || this.#now() - since < RESOLUTION_MS) return
    const total = pods
      .flatMap(({ metadata }) => this.#usage(metadata.namespace!, metadata.name))
      .reduce(
        (sum, { cpuMilli, memoryBytes }) => ({
          cpuMilli: sum.cpuMilli + cpuMilli,
          memoryBytes: sum.memoryBytes + memoryBytes,
        }),
        { cpuMilli: SYSTEM_USE.cpuMilli, memoryBytes: SYSTEM_USE.memoryBytes },
      )
    return {
      kind: 'NodeMetrics',
      apiVersion: 'metrics.k8s.io/v1beta1',
      metadata: { name, creationTimestamp: creationTimestamp!, ...(labels && { labels }) },
      ...this.#window(),
      usage: usageOf(total),
    }
  }

  /** Two looks at a container make a rate: one that has just started has none, and its pod is left out. */
  #measured(pod: Pod): ContainerUsage[] {
    const usage = this.#usage(pod.metadata.namespace!, pod.metadata.name)
    const young = usage.some(({ startedAt }) => this.#now() - startedAt < RESOLUTION_MS)
    return young ? [] : usage
  }

  #window(): { timestamp: string; window: string } {
    return { timestamp: timestamp(this.#now()), window: `${RESOLUTION_MS / 1000}s` }
  }
}

const usageOf = ({ cpuMilli, memoryBytes }: { cpuMilli: number; memoryBytes: number }): Usage => ({
  cpu: cpuMilli === 0 ? '0' : `${Math.round(cpuMilli * 1e6)}n`,
  memory: `${Math.round(memoryBytes / 1024)}Ki`,
})

/** Whether a Service has a ready endpoint. */
export const hasEndpoints = (api: Reader, service: { namespace: string; name: string }): boolean =>
  api
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', service.namespace)
    .some(
      ({ metadata, endpoints = [] }) =>
        metadata.labels?.['kubernetes.io/service-name'] === service.name &&
        endpoints.some(({ conditions }) => conditions?.ready !== false),
    )
