import type { Filter } from '@aws-sdk/client-ec2'
import { invalidParameterValue } from './errors.ts'
import type { Tags } from './records.ts'

type Value = string | number | boolean | undefined

/** Filter name → the values that a record offers for it. */
export type FilterFields<T> = Record<string, (record: T) => Value | readonly Value[]>

/**
 * Filters that read what describing shows. `names`: the filter's name → the way to its member, through lists
 * (`network-interface.description` → `NetworkInterfaces.Description`). What is not shown matches nothing.
 */
export function shownFields<T>(view: (record: T) => object, names: Record<string, string>): FilterFields<T> {
  const views = new Map<T, object>()
  const viewOf = (record: T) => views.get(record) ?? views.set(record, view(record)).get(record)!
  return Object.fromEntries(
    Object.entries(names).map(([name, way]) => [
      name,
      (record: T) => membersAt(viewOf(record), way.split('.')).map(readable),
    ]),
  )
}

/** Filters for what no record has. */
export const never = <T>(...names: string[]): FilterFields<T> =>
  Object.fromEntries(names.map((name) => [name, () => undefined]))

const membersAt = (shown: unknown, way: string[]): unknown[] =>
  way.reduce((found, member) => found.flatMap((one) => (one as Record<string, unknown>)?.[member]), [
    shown,
  ] as unknown[])

const readable = (shown: unknown) => (shown instanceof Date ? shown.toISOString() : shown) as Value

interface DescribeInput {
  Filters?: Filter[]
  MaxResults?: number
  NextToken?: string
}

/** `*` and `?` are wildcards, a backslash takes their meaning away (EC2 user guide, "Using Filtering"). */
function matcher(pattern: string): (value: string) => boolean {
  if (!/[*?\\]/.test(pattern)) return (value) => value === pattern
  const source = pattern.replace(/\\(.)|[\s\S]/g, (character, escaped?: string) => {
    if (escaped !== undefined) return escapeRegExp(escaped)
    if (character === '*') return '.*'
    return character === '?' ? '.' : escapeRegExp(character)
  })
  const expression = new RegExp(`^${source}$`, 's')
  return (value) => expression.test(value)
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function valuesOf<T extends { tags?: Tags }>(record: T, name: string, fields: FilterFields<T>) {
  if (name.startsWith('tag:')) return record.tags?.[name.slice(4)]
  if (name === 'tag-key') return Object.keys(record.tags ?? {})
  if (name === 'tag-value') return Object.values(record.tags ?? {})
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (!field) throw invalidParameterValue(`The filter '${name}' is invalid`)
  return field(record)
}

/** Keeps the records that match every filter; a filter matches when one of its values does. */
export function applyFilters<T extends { tags?: Tags }>(
  records: T[],
  filters: Filter[] | undefined,
  fields: FilterFields<T>,
): T[] {
  let kept = records
  for (const { Name: name = '', Values: patterns = [] } of filters ?? []) {
    if (!name.startsWith('tag') && !Object.hasOwn(fields, name)) {
      throw invalidParameterValue(`The filter '${name}' is invalid`)
    }
    const matchers = patterns.map(matcher)
    kept = kept.filter((record) => {
      const values = [valuesOf(record, name, fields)].flat().filter((value) => value !== undefined)
      return values.some((value) => matchers.some((matches) => matches(String(value))))
    })
  }
  return kept
}

/** One page of records and the token of the next. */
export function paginate<T>(records: T[], input: DescribeInput): { page: T[]; NextToken?: string } {
  const offset = input.NextToken ? Number(Buffer.from(input.NextToken, 'base64url').toString()) : 0
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw invalidParameterValue('Unable to parse pagination token')
  if (input.MaxResults === undefined) return { page: records.slice(offset) }
  if (input.MaxResults < 5) {
    throw invalidParameterValue(
      `Value ( ${input.MaxResults} ) for parameter maxResults is invalid. Expecting a value greater than 5.`,
    )
  }
  const end = offset + Math.min(input.MaxResults, 1000)
  const NextToken = end < records.length ? Buffer.from(String(end)).toString('base64url') : undefined
  return { page: records.slice(offset, end), NextToken }
}

/** Filters, then one page: what every Describe operation does with its records. */
export function select<T extends { tags?: Tags }>(
  records: T[],
  input: DescribeInput,
  fields: FilterFields<T>,
): { page: T[]; NextToken?: string } {
  return paginate(applyFilters(records, input.Filters, fields), input)
}
