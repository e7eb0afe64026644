import type { PropertyDifference } from '../records.ts'

type Plain = Record<string, unknown>

const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** The same whatever the order of members and whether numbers are written as text. */
function mark(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(mark).sort().join()}]`
  if (!isPlain(value)) return String(value)
  const members = Object.keys(value)
    .sort()
    .map((name) => `${name}:${mark(value[name])}`)
  return `{${members.join()}}`
}

/**
 * Where `actual` differs from what a template asked for; what the template leaves out is not compared. Lists are compared as sets: a
 * missing item was removed, one beside them added. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
 */
export function differences(expected: Plain, actual: Plain, path = ''): PropertyDifference[] {
  return Object.entries(expected).flatMap(([name, wanted]): PropertyDifference[] => {
    const here = `${path}/${name}`
    if (!(name in actual)) return path === '' ? [] : [of(here, wanted, undefined, 'REMOVE')]
    const found = actual[name]
    if (Array.isArray(wanted) && Array.isArray(found)) return ofLists(here, wanted, found)
    if (isPlain(wanted) && isPlain(found)) return differences(wanted, found, here)
    return mark(wanted) === mark(found) ? [] : [of(here, wanted, found, 'NOT_EQUAL')]
  })
}

function ofLists(path: string, wanted: unknown[], found: unknown[]): PropertyDifference[] {
  const inFound = new Set(found.map(mark))
  const inWanted = new Set(wanted.map(mark))
  return [
    ...wanted.flatMap((item, at) =>
      inFound.has(mark(item)) ? [] : [of(`${path}/${at}`, item, undefined, 'REMOVE')],
    ),
    ...found.flatMap((item, at) =>
      inWanted.has(mark(item)) ? [] : [of(`${path}/${at}`, undefined, item, 'ADD')],
    ),
  ]
}

const of = (
  path: string,
  expected: unknown,
  actual: unknown,
  type: PropertyDifference['type'],
): PropertyDifference => ({
  path,
  expected: expected === undefined ? 'null' : text(expected),
  actual: actual === undefined ? 'null' : text(actual),
  type,
})
