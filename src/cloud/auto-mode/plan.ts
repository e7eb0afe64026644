import type { ClusterApi } from '#kubernetes/api.ts'
import type { DaemonSet, Node, Pod } from '#kubernetes/objects.ts'
import { nameOf } from '#kubernetes/pods.ts'
import { NodeState } from '#kubernetes/scheduler/cache.ts'
import { candidate, refusalOf } from '#kubernetes/scheduler/filters.ts'
import { PodRelations, type Surroundings } from '#kubernetes/scheduler/relations.ts'
import { requestsOf } from '#kubernetes/scheduler/requests.ts'
import { PodClaims } from '#kubernetes/scheduler/volumes.ts'
import type { Offering } from './offerings.ts'

/** A node that does not exist yet: what it may be, the cheapest first, and the pods that it is for. */
export interface PlannedNode {
  choices: Offering[]
  pods: Pod[]
}

export interface Plan {
  nodes: PlannedNode[]
  /** Pods that no offering takes. */
  left: Pod[]
}

/** What is there for the pods before any machine is launched: nodes, and machines on their way as the nodes that they will be. */
export interface Ground {
  nodes: ReadonlyMap<string, NodeState>
  coming: Node[]
  exclusive: Surroundings['exclusive']
}

interface Bin {
  choices: { offering: Offering; state: NodeState }[]
  pods: Pod[]
}

/**
 * Finds nodes for pods as the scheduler would see them: on what is there, on what is coming, and on as few new machines as
 * take them; pods that ask for most come first. Models Karpenter's scheduling simulation (pkg/controllers/provisioning/scheduling).
 */
export function planFor(client: ClusterApi, pods: Pod[], offerings: Offering[], ground: Ground): Plan {
  const daemons = client.list<DaemonSet>('daemonsets.apps')
  const nodes = new Map<string, Pick<NodeState, 'node' | 'pods'>>(ground.nodes)
  const surroundings: Surroundings = { nodes, exclusive: ground.exclusive }
  // A zone without a node counts as a domain that a pod could be in.
  for (const offering of new Map(offerings.map((one) => [one.subnet.zone, one])).values())
    nodes.set(`zone ${offering.subnet.zone}`, { node: offering.node, pods: new Map() })
  const fits = (pod: Pod, state: NodeState) =>
    refusalOf(
      candidate(pod, new PodRelations(pod, client, surroundings), new PodClaims(pod, client)),
      state,
    ) === undefined
  const fresh = (node: Node) => {
    const state = new NodeState(node)
    for (const pod of daemons.map(podOfDaemon)) if (fits(pod, state)) state.place(nameOf(pod), pod)
    return state
  }
  const present = [...ground.nodes.values()].map(copyOf)
  const coming = ground.coming.map(fresh)
  for (const state of [...present, ...coming]) nodes.set(state.node.metadata.name, state)
  const bins: Bin[] = []
  const left: Pod[] = []

  for (const pod of [...pods].sort((a, b) => cpuOf(b) - cpuOf(a))) {
    const old = [...present, ...coming].find((state) => fits(pod, state))
    if (old) {
      old.place(nameOf(pod), pod)
      continue
    }
    const bin = bins.find((one) => narrow(one, pod, fits)) ?? open(pod)
    if (!bin) {
      left.push(pod)
      continue
    }
    bin.pods.push(pod)
    for (const { state } of bin.choices) state.place(nameOf(pod), pod)
    nodes.set(`new ${bins.indexOf(bin)}`, bin.choices[0]!.state)
  }
  return {
    nodes: bins.map(({ choices, pods }) => ({ choices: choices.map(({ offering }) => offering), pods })),
    left,
  }

  /** A new node for a pod, of the pool that comes first among those that take it. */
  function open(pod: Pod): Bin | undefined {
    const choices = offerings
      .map((offering) => ({ offering, state: fresh(offering.node) }))
      .filter(({ state }) => fits(pod, state))
    const first = choices.map(({ offering }) => offering.pool).sort(byWeight)[0]
    if (!first) return undefined
    const bin = { choices: choices.filter(({ offering }) => offering.pool === first), pods: [] }
    bins.push(bin)
    return bin
  }
}

const byWeight = (a: Offering['pool'], b: Offering['pool']) =>
  (b.spec.weight ?? 0) - (a.spec.weight ?? 0) || (a.metadata.name < b.metadata.name ? -1 : 1)

/** Leaves a planned node the choices that also take this pod; false, with nothing changed, when none does. */
function narrow(bin: Bin, pod: Pod, fits: (pod: Pod, state: NodeState) => boolean): boolean {
  const choices = bin.choices.filter(({ state }) => fits(pod, state))
  if (choices.length > 0) bin.choices = choices
  return choices.length > 0
}

const cpuOf = (pod: Pod) => requestsOf(pod).cpu ?? 0

function copyOf(state: NodeState): NodeState {
  const copy = new NodeState(state.node)
  for (const [key, { pod }] of state.pods) copy.place(key, pod)
  return copy
}

/** The pod that a DaemonSet would put on a node that takes it. */
const podOfDaemon = ({ metadata, spec }: DaemonSet): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `daemon-${metadata.name}`,
    namespace: metadata.namespace!,
    labels: spec.template.metadata?.labels ?? {},
  },
  spec: spec.template.spec as Pod['spec'],
  status: {},
})
