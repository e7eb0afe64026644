import { deleteNamespaces, somethingHappens, tidy } from './acts.ts'
import { broken } from './invariants.ts'
import type { SoakedCluster } from './soaked-cluster.ts'

/** Long enough (ms) for evictions, back-offs, leases, time-outs and clean-ups to come to their ends. */
const REST_MS = 12 * 60_000
/** The longest that nothing new happens while a cluster is churned, ms. */
const PAUSE_MS = 8000

/** Lets things happen to a cluster, while what they set off is still under way; gives what happened. */
export async function churn(soak: SoakedCluster, acts: number): Promise<string[]> {
  const happened: string[] = []
  for (let n = 0; n < acts; n++) {
    happened.push(somethingHappens(soak))
    await soak.advance(soak.random.number(PAUSE_MS))
  }
  return happened
}

/** Lets a cluster come to rest, `empty` without any workload; gives what is not then as it must be. */
export async function rest(soak: SoakedCluster, { empty = false } = {}): Promise<string[]> {
  tidy(soak)
  if (empty) deleteNamespaces(soak)
  await soak.advance(REST_MS)
  return broken(soak)
}
