import type { MemoryPool } from '#containers/runtime.ts'
import type { ClusterApi } from '../api.ts'
import { qosClass } from '../apiserver/strategies/qos.ts'
import type { ContainerSpecification, Node, Pod } from '../objects.ts'
import { parseQuantity } from '../quantity.ts'
import type { NodeRecord } from './node-record.ts'

/** The memory of each node, as its containers share it. A process that the kernel kills for it makes an event of the node. */
export class NodeMemory {
  readonly #apiOf: (node: string) => ClusterApi
  readonly #pools = new Map<string, MemoryPool>()

  constructor(apiOf: (node: string) => ClusterApi) {
    this.#apiOf = apiOf
  }

  poolOf({ name, capacity }: NodeRecord): MemoryPool {
    const known = this.#pools.get(name)
    const capacityBytes = parseQuantity(capacity.memory)
    if (known?.capacityBytes === capacityBytes) return known
    const pool: MemoryPool = {
      capacityBytes,
      // Models pkg/kubelet/oom: the watcher reads the kernel's log.
      killed: ({ argv, pid }) => {
        const api = this.#apiOf(name)
        const node = api.get<Node>('nodes', '', name)
        const victim = argv[0]!.slice(argv[0]!.lastIndexOf('/') + 1)
        const message = `System OOM encountered, victim process: ${victim}, pid: ${pid}`
        if (node) api.event(node, 'Warning', 'SystemOOM', message, { component: 'kubelet', host: name })
      },
    }
    this.#pools.set(name, pool)
    return pool
  }
}

/** Models pkg/kubelet/qos GetContainerOOMScoreAdjust. */
export function oomScoreAdjust(pod: Pod, container: ContainerSpecification, capacityBytes: number): number {
  if ((pod.spec.priority ?? 0) >= 2_000_000_000) return -997
  const qos = qosClass(pod.spec as never)
  if (qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const request = parseQuantity(container.resources?.requests?.memory)
  return Math.min(Math.max(Math.floor(1000 - (1000 * request) / capacityBytes), 3), 999)
}
