/** The values at a path of members joined by dots; lists on the way are gone through. */
export function valuesAt(value: unknown, path: string): unknown[] {
  return path.split('.').reduce<unknown[]>(
    (values, member) =>
      values.flatMap((one) => {
        const found = (one as Record<string, unknown> | null | undefined)?.[member]
        return found === undefined || found === null ? [] : found
      }),
    [value],
  )
}

export interface Tag {
  key: string
  value: string
}

const TAG_MEMBERS = ['Tags', 'tags', 'TagList']

/** A resource's tags, in whichever of AWS's three forms it has them, and its attributes without them. */
export function splitTags(attributes: Record<string, unknown>): {
  tags: Tag[]
  others: Record<string, unknown>
} {
  const member = TAG_MEMBERS.find((name) => typeof attributes[name] === 'object')
  if (member === undefined) return { tags: [], others: attributes }
  const { [member]: given, ...others } = attributes
  const list = Array.isArray(given) ? given : Object.entries(given as object)
  const tags = list.map((tag) =>
    Array.isArray(tag)
      ? { key: String(tag[0]), value: String(tag[1]) }
      : { key: String(tag.Key ?? tag.key), value: String(tag.Value ?? tag.value ?? '') },
  )
  return { tags, others }
}

const GOOD =
  /^(active|available|running|ready|in-use|inservice|healthy|enabled|ok|issued|online|completed|successful|attached|associated|(create|update|import)_complete)$/i
const WAIT =
  /^(pending|creating|updating|deleting|provisioning|activating|deactivating|stopping|shutting-down|draining|initial|in_progress|.*_in_progress|insufficient_data|pendingdeletion|deprovisioning)$/i
const BAD =
  /^(failed|create_failed|degraded|unhealthy|alarm|stopped|error|.*_failed|.*rollback.*|connectionlost)$/i

/** How a state is coloured, beside its words. */
export function tone(text: string): 'good' | 'wait' | 'bad' | undefined {
  if (GOOD.test(text)) return 'good'
  if (WAIT.test(text)) return 'wait'
  if (BAD.test(text)) return 'bad'
  return undefined
}

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

export function isDate(value: unknown): value is string {
  return typeof value === 'string' && DATE.test(value)
}

/** Numbers by size, all else as text. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a ?? '').localeCompare(String(b ?? ''), 'en', { numeric: true })
}
