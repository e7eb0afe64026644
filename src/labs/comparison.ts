import type { Part, PartKind, TimelineCall } from '#cloud/api.ts'
import type { ComparedSide } from './schema.ts'

/** Where a step began: what the world was then, and its last call. */
export interface StepStart {
  step: string
  /** Calls of a larger number came later. */
  revision: number
  parts: Part[]
  /** What the world cost then, by service, USD an hour. */
  perHour: Record<string, number>
}

/** What a learner's world recorded, from the beginning of the lab until now. */
export interface Recorded {
  /** In the order in which they began. */
  starts: StepStart[]
  /** The world as it is. */
  now: Part[]
  calls: TimelineCall[]
  /** What it costs now, by service, USD an hour. */
  perHour: Record<string, number>
}

/** One side of a comparison, told in the terms that a learner compares. */
export interface Side {
  title: string
  /** Whether one of its steps has begun. */
  begun: boolean
  /** Changing calls that the learner made, by how often: `ecs CreateService`, `create deployments.apps`. Calls that failed do not count. */
  commands: Record<string, number>
  /** What came to be, by kind: made by the learner, or by a controller or service for them. */
  yours: Partial<Record<PartKind, number>>
  theirs: Partial<Record<PartKind, number>>
  /** How many changing calls services and controllers made on the learner's behalf, by who made them. */
  managed: Record<string, number>
  /** Rights that it took: IAM's actions, and RBAC's verbs with their resource. */
  permissions: Record<string, number>
  /** From the first to the last call, seconds of the world's time. */
  seconds: number
  /** By how much its steps made AWS's bill grow, USD an hour. */
  perHour: number
}

/** A line of the difference: what stands on one side only, or in another number. */
export interface Difference {
  aspect: 'commands' | 'yours' | 'theirs' | 'managed' | 'permissions'
  what: string
  left: number
  right: number
}

/** The same task on both sides. */
export interface Comparison {
  left: Side
  right: Side
  differences: Difference[]
}

/** IAM's prefixes that differ from the host name's first label. */
const IAM_PREFIX: Record<string, string> = { monitoring: 'cloudwatch' }

/** What nobody makes with a call of their own, but by what they wish for. */
const MADE_FOR_YOU: ReadonlySet<PartKind> = new Set([
  'pod',
  'node',
  'instance',
  'network-interface',
  'ecs-task',
  'container-instance',
])

/** By whose API parts come to be, where sides differ by that. */
const SERVICE: Partial<Record<PartKind, string>> = {
  pod: 'kubernetes',
  node: 'kubernetes',
  deployment: 'kubernetes',
  'ecs-cluster': 'ecs',
  'ecs-service': 'ecs',
  'ecs-task': 'ecs',
  'container-instance': 'ecs',
}

/** Compares the two sides of a lab. */
export function compare(sides: { left: ComparedSide; right: ComparedSide }, recorded: Recorded): Comparison {
  const left = sideOf(sides.left, recorded)
  const right = sideOf(sides.right, recorded)
  return { left, right, differences: differences(left, right) }
}

function sideOf({ title, steps, services }: ComparedSide, recorded: Recorded): Side {
  const spans = spansOf(recorded).filter(({ step }) => !steps || steps.includes(step))
  const calls = spans
    .flatMap((span) => span.calls)
    .filter(({ error, source }) => !error && (!services || services.includes(service(source))))
  const parts = spans
    .flatMap((span) => span.made)
    .filter(({ kind }) => !services || services.includes(SERVICE[kind] ?? ''))
  const growth = spans
    .flatMap(({ growth }) => Object.entries(growth))
    .filter(([service]) => !services || services.includes(service))
  const own = calls.filter((call) => !maker(call))
  // A pod of one's own is a pod that one's own call has made.
  const named = new Set(own.filter(makes).map(({ target }) => target?.split('/').at(-1)))
  const [theirs, yours] = split(parts, ({ kind, name }) => MADE_FOR_YOU.has(kind) && !named.has(name))
  const times = calls.map(({ at }) => at)
  return {
    title,
    begun: spans.length > 0,
    commands: count(own.map(commandOf)),
    yours: count(yours.map(({ kind }) => kind)),
    theirs: count(theirs.map(({ kind }) => kind)),
    managed: count(calls.flatMap((call) => maker(call) ?? [])),
    permissions: Object.fromEntries([...new Set(own.flatMap(permissionOf))].sort().map((name) => [name, 1])),
    seconds: times.length === 0 ? 0 : Math.round((Math.max(...times) - Math.min(...times)) / 1000),
    // What was replaced costs as before.
    perHour: Math.max(
      0,
      growth.reduce((sum, [, perHour]) => sum + perHour, 0),
    ),
  }
}

interface Span {
  step: string
  calls: TimelineCall[]
  made: Part[]
  /** By service, USD an hour. */
  growth: Record<string, number>
}

/** What was done and came to be in each step: from where it began to where the next one did. */
function spansOf({ starts, now, calls, perHour }: Recorded): Span[] {
  return starts.map(({ step, revision, parts, perHour: atStart }, index) => {
    const next = starts[index + 1]
    const before = new Set(parts.map(({ id }) => id))
    const inside = calls.filter(({ number }) => number > revision && number <= (next?.revision ?? Infinity))
    const atEnd = next?.perHour ?? perHour
    const services = [...new Set([...Object.keys(atStart), ...Object.keys(atEnd)])]
    return {
      step,
      calls: inside,
      made: (next?.parts ?? now).filter(({ id }) => !before.has(id)),
      growth: Object.fromEntries(services.map((name) => [name, (atEnd[name] ?? 0) - (atStart[name] ?? 0)])),
    }
  })
}

/** Who made a call for the learner; undefined for their own. */
function maker({ via, principal }: TimelineCall): string | undefined {
  if (via !== undefined) return via.split('.')[0]!
  return /^(?:system|eks):/.test(principal) ? principal : undefined
}

/** Whether a call makes what it names. */
const makes = ({ operation }: TimelineCall) => /^(?:create|Create|Run|Start)/.test(operation)

const service = (source: string) => source.split('.')[0]!

/** What a call is called in a list: Docker's and Kubernetes' operations say themselves whose they are. */
function commandOf({ source, operation }: TimelineCall): string {
  if (source === 'docker') return `docker ${operation}`
  return source === 'kubernetes' ? operation : `${service(source)} ${operation}`
}

function permissionOf({ source, operation }: TimelineCall): string[] {
  if (source === 'docker') return []
  if (source === 'kubernetes') return [`RBAC ${operation}`]
  return [`${IAM_PREFIX[service(source)] ?? service(source)}:${operation}`]
}

/** What differs between two sides; what is the same on both is left out. */
function differences(left: Side, right: Side): Difference[] {
  const of = (aspect: Difference['aspect']) => {
    const [a, b]: Record<string, number>[] = [left[aspect], right[aspect]]
    return [...new Set([...Object.keys(a!), ...Object.keys(b!)])]
      .sort()
      .map((what) => ({ aspect, what, left: a![what] ?? 0, right: b![what] ?? 0 }))
      .filter((line) => line.left !== line.right)
  }
  return [...of('commands'), ...of('yours'), ...of('theirs'), ...of('managed'), ...of('permissions')]
}

function split<T>(list: T[], test: (one: T) => boolean): [T[], T[]] {
  return [list.filter(test), list.filter((one) => !test(one))]
}

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
