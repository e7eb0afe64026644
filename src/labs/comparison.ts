import { z } from 'zod'

/** What CloudTrail tells of a call, as far as a comparison needs it; the `CloudTrailEvent` of `lookup-events` is such an object as JSON. */
export const recordedCallSchema = z.looseObject({
  eventTime: z.string(),
  eventSource: z.string(),
  eventName: z.string(),
  readOnly: z.boolean(),
  errorCode: z.string().optional(),
  userIdentity: z.looseObject({ invokedBy: z.string().optional() }).optional(),
})

export type RecordedCall = z.infer<typeof recordedCallSchema>

/** A Kubernetes object, as far as a comparison needs it. */
export interface RecordedObject {
  kind: string
  metadata: {
    name: string
    namespace?: string
    creationTimestamp: string
    ownerReferences?: { kind: string }[]
  }
}

/** What a world recorded of one side of a comparison. */
export interface RecordedWork {
  calls: RecordedCall[]
  objects: RecordedObject[]
}

/** One side of a comparison, told in the terms that a learner compares. */
export interface Side {
  /** Changing calls that the learner made, by how often: `eks CreateCluster`. Calls that failed do not count. */
  commands: Record<string, number>
  /** Kubernetes objects by kind: made by the learner, or by a controller for them. */
  objects: { yours: Record<string, number>; theirs: Record<string, number> }
  /** How many changing calls AWS's services made on the learner's behalf, by service. */
  managed: Record<string, number>
  /** IAM actions that it took, sorted. */
  permissions: string[]
  /** From the first to the last recorded change, in seconds. */
  seconds: number
}

/** A line of the difference: what stands on one side only, or in another number. */
export interface Difference {
  aspect: 'commands' | 'yours' | 'theirs' | 'managed' | 'permissions'
  what: string
  left: number
  right: number
}

/** Prefixes of IAM actions that differ from the host name's first label. */
const IAM_PREFIX: Record<string, string> = { monitoring: 'cloudwatch' }

/** Tells one side from what was recorded. */
export function sideOf({ calls, objects }: RecordedWork): Side {
  const changes = calls.filter(({ readOnly, errorCode }) => !readOnly && !errorCode)
  const own = changes.filter(({ userIdentity }) => !userIdentity?.invokedBy)
  const owned = (object: RecordedObject) => (object.metadata.ownerReferences ?? []).length > 0
  const times = [
    ...changes.map(({ eventTime }) => eventTime),
    ...objects.map(({ metadata }) => metadata.creationTimestamp),
  ].map(Date.parse)
  return {
    commands: count(own.map((call) => `${service(call)} ${call.eventName}`)),
    objects: {
      yours: count(objects.filter((object) => !owned(object)).map(({ kind }) => kind)),
      theirs: count(objects.filter(owned).map(({ kind }) => kind)),
    },
    managed: count(
      changes.flatMap(({ userIdentity }) =>
        userIdentity?.invokedBy ? [userIdentity.invokedBy.split('.')[0]!] : [],
      ),
    ),
    permissions: [
      ...new Set(own.map((call) => `${IAM_PREFIX[service(call)] ?? service(call)}:${call.eventName}`)),
    ].sort(),
    seconds: times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1000,
  }
}

/** What differs between two sides; what is the same on both is left out. */
export function differences(left: Side, right: Side): Difference[] {
  const of = (aspect: Difference['aspect'], a: Record<string, number>, b: Record<string, number>) =>
    [...new Set([...Object.keys(a), ...Object.keys(b)])]
      .sort()
      .map((what) => ({ aspect, what, left: a[what] ?? 0, right: b[what] ?? 0 }))
      .filter((line) => line.left !== line.right)
  return [
    ...of('commands', left.commands, right.commands),
    ...of('yours', left.objects.yours, right.objects.yours),
    ...of('theirs', left.objects.theirs, right.objects.theirs),
    ...of('managed', left.managed, right.managed),
    ...of('permissions', count(left.permissions), count(right.permissions)),
  ]
}

const service = ({ eventSource }: RecordedCall) => eventSource.split('.')[0]!

function count(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
