import type { ClusterApi } from '../api.ts'
import type { Pod, PodDisruptionBudget } from '../objects.ts'
import { selects } from '../selectors.ts'
import { parseTime } from '../time.ts'
import { NodeState } from './cache.ts'
import { type Candidate, type Refusal, refusalOf } from './filters.ts'

/** A node that can take a pod when some others go. */
interface Plan {
  state: NodeState
  /** By priority, highest first. */
  victims: Pod[]
  /** How many of them a disruption budget would keep. */
  violations: number
}

/** What preemption can do for a pod. */
export interface Preemption {
  plan?: Plan
  /** Why each refusing node is no help, for the FailedScheduling text. */
  reasons: string[]
}

const NOT_HELPFUL = 'Preemption is not helpful for scheduling'
const NO_VICTIMS = 'No preemption victims found for incoming pod'

export const priorityOf = ({ spec }: Pod): number => spec.priority ?? 0

/** A node as it would be with some pods gone and others there. */
export function nodeWith(
  state: NodeState,
  gone: ReadonlySet<string>,
  more: ReadonlyMap<string, Pod>,
): NodeState {
  const copy = new NodeState(state.node)
  for (const [key, { pod }] of state.pods) if (!gone.has(key)) copy.place(key, pod)
  for (const [key, pod] of more) copy.place(key, pod)
  return copy
}

/** Looks for the node where the least harm makes room. Models plugins/defaultpreemption. */
export function findVictims(
  api: ClusterApi,
  asked: Candidate,
  refused: { state: NodeState; refusal: Refusal }[],
): Preemption {
  const budgets = new Budgets(api)
  const plans: Plan[] = []
  const reasons: string[] = []
  for (const { state, refusal } of refused) {
    const found = refusal.final ? NOT_HELPFUL : planFor(asked, state, budgets)
    if (typeof found === 'string') reasons.push(found)
    else plans.push(found)
  }
  const [plan] = plans.sort(compare)
  return { ...(plan && { plan }), reasons }
}

/** The fewest and least important pods whose end makes room on a node, or why there are none. */
function planFor(asked: Candidate, state: NodeState, budgets: Budgets): Plan | string {
  const priority = priorityOf(asked.pod)
  const lower = [...state.pods].filter(([, { pod }]) => priorityOf(pod) < priority)
  if (lower.length === 0) return NO_VICTIMS
  const gone = new Set(lower.map(([key]) => key))
  const still = refusalOf(asked, nodeWith(state, gone, new Map()))
  if (still) return still.reasons.join(', ')
  // Those that may stay, the most important first, and among all those whose budget is used up.
  const ordered = lower
    .map(([key, { pod }]) => ({ key, pod, kept: budgets.holds(pod) }))
    .sort((a, b) => Number(b.kept) - Number(a.kept) || byImportance(a.pod, b.pod))
  const victims: typeof ordered = []
  for (const one of ordered) {
    gone.delete(one.key)
    if (!refusalOf(asked, nodeWith(state, gone, new Map()))) continue
    gone.add(one.key)
    victims.push(one)
  }
  return {
    state,
    victims: victims.map(({ pod }) => pod).sort(byImportance),
    violations: victims.filter(({ kept }) => kept).length,
  }
}

const startOf = (pod: Pod): number => parseTime(pod.status?.startTime ?? pod.metadata.creationTimestamp)

/** Higher priority first, then the longer running. */
const byImportance = (a: Pod, b: Pod): number => priorityOf(b) - priorityOf(a) || startOf(a) - startOf(b)

/** The better plan first. Models preemption.pickOneNodeForPreemption. */
function compare(a: Plan, b: Plan): number {
  const highest = ({ victims }: Plan) => Math.max(...victims.map(priorityOf))
  const sum = ({ victims }: Plan) => victims.reduce((total, pod) => total + priorityOf(pod) + 2 ** 31, 0)
  const latest = ({ victims }: Plan) => Math.min(...victims.map(startOf))
  return (
    a.violations - b.violations ||
    highest(a) - highest(b) ||
    sum(a) - sum(b) ||
    a.victims.length - b.victims.length ||
    latest(b) - latest(a)
  )
}

/** Which pods disruption budgets would keep; each allowed disruption is counted once. */
class Budgets {
  readonly #budgets: { budget: PodDisruptionBudget; left: number }[]

  constructor(api: ClusterApi) {
    this.#budgets = api
      .list<PodDisruptionBudget>('poddisruptionbudgets.policy')
      .map((budget) => ({ budget, left: budget.status?.disruptionsAllowed ?? 0 }))
  }

  holds({ metadata }: Pod): boolean {
    const own = this.#budgets.filter(
      ({ budget }) =>
        budget.metadata.namespace === metadata.namespace &&
        selects(budget.spec.selector, metadata.labels) &&
        !budget.status?.disruptedPods?.[metadata.name],
    )
    for (const one of own) one.left--
    return own.some(({ left }) => left < 0)
  }
}
