import type { Node, Pod } from '../objects.ts'
import { matchesNode } from '../scheduler/filters.ts'
import { type Amounts, amountsOf, hostPortsOf, portsConflict, requestsOf } from '../scheduler/requests.ts'
import { untolerated } from '../scheduler/taints.ts'
import { SAFE_SYSCTLS } from '../sysctls.ts'
import { isAdmitted } from './admitted-requests.ts'
import { REJECTION_MS } from './timings.ts'

/** Why a kubelet takes no pod: the pod's `status.reason`, and its message after `Pod was rejected: `. */
export interface Rejection {
  reason: string
  message: string
}

/** `system-cluster-critical`: such a pod gets its room. */
const CRITICAL_PRIORITY = 2_000_000_000

/** A node as a pod finds it that comes to it. */
export interface Admitting {
  node: Node
  /** What the pods that it has taken ask for together. */
  used: Readonly<Amounts>
  /** Those that were bound to it. */
  pods(): Pod[]
}

type Check = (pod: Pod, at: Admitting) => Rejection | undefined

const failed = (predicate: string, why: string): Rejection => ({
  reason: predicate,
  message: `Predicate ${predicate} failed: ${why}`,
})

/** In the kubelet's order; the first that refuses speaks. Models pkg/kubelet/lifecycle/predicate.go and pkg/kubelet/sysctl. */
const CHECKS: Check[] = [
  function resources(pod, { node, used }) {
    if ((pod.spec.priority ?? 0) >= CRITICAL_PRIORITY) return
    const capacity = amountsOf(node.status?.allocatable)
    const asked = { pods: 1, ...requestsOf(pod) }
    for (const [name, amount] of Object.entries(asked)) {
      // What the node knows nothing of is somebody else's affair.
      if (amount === 0 || (name.includes('/') && capacity[name] === undefined)) continue
      if (amount <= (capacity[name] ?? 0) - (used[name] ?? 0)) continue
      return {
        reason: `OutOf${name}`,
        message: `Node didn't have enough resource: ${name}, requested: ${amount}, used: ${used[name] ?? 0}, capacity: ${capacity[name] ?? 0}`,
      }
    }
  },
  function nodeAffinity(pod, { node }) {
    if (!matchesNode(pod, node))
      return failed('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
  },
  function nodePorts(pod, { pods }) {
    const ports = hostPortsOf(pod)
    if (ports.length === 0) return
    const taken = pods().filter(isAdmitted).flatMap(hostPortsOf)
    if (ports.some((port) => taken.some((other) => portsConflict(port, other))))
      return failed('NodePorts', "node(s) didn't have free ports for the requested pod ports")
  },
  function taints({ spec }, { node }) {
    const blocking = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute')
    if (untolerated(blocking, spec.tolerations).length > 0)
      return failed('TaintToleration', "node(s) had taints that the pod didn't tolerate")
  },
  function sysctls({ spec }) {
    for (const { name } of spec.securityContext?.sysctls ?? []) {
      const message = sysctlRefusal(name, spec)
      if (message) return { reason: 'SysctlForbidden', message }
    }
  },
]

function sysctlRefusal(name: string, { hostNetwork, hostIPC }: Pod['spec']): string | undefined {
  if (!SAFE_SYSCTLS.has(name)) return `forbidden sysctl: "${name}" not allowlisted`
  const shared =
    hostNetwork && name.startsWith('net.') ? 'net' : hostIPC && name.startsWith('kernel.shm') && 'ipc'
  return shared ? `forbidden sysctl: "${name}" not allowed with host ${shared} enabled` : undefined
}

/** Why the kubelet of a node refuses a pod that was bound to it and has not been taken, if it does. */
function rejectionOf(pod: Pod, at: Admitting): Rejection | undefined {
  for (const check of CHECKS) {
    const rejection = check(pod, at)
    if (rejection) return rejection
  }
  return undefined
}

/** What the kubelets say to pods that come to their nodes. */
export class PodAdmission {
  /** Pods that are being refused, by name: which, and since when, ms. */
  readonly #refused = new Map<string, { uid: string; since: number }>()

  /** Whether the pod may start; if not, why, or how long (ms) that takes to be told. */
  admit(key: string, pod: Pod, at: Admitting, now: number): Rejection | { waitMs: number } | undefined {
    const rejection = pod.status.startTime ? undefined : rejectionOf(pod, at)
    if (!rejection) {
      this.forget(key)
      return undefined
    }
    const uid = pod.metadata.uid!
    const known = this.#refused.get(key)
    const since = known?.uid === uid ? known.since : now
    this.#refused.set(key, { uid, since })
    const waitMs = since + REJECTION_MS - now
    if (waitMs > 0) return { waitMs }
    this.forget(key)
    return rejection
  }

  forget(key: string): void {
    this.#refused.delete(key)
  }
}
