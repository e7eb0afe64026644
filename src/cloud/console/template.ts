import type { Template } from './resource-type.ts'

/** The value at a path of members joined by dots; lists on the way are gone through, and so give several. */
export function valuesAt(value: unknown, path: string): unknown[] {
  if (path === '') return [value]
  return path.split('.').reduce<unknown[]>(
    (values, member) =>
      values.flatMap((one) => {
        const found = (one as Record<string, unknown> | null | undefined)?.[member]
        return found === undefined || found === null ? [] : found
      }),
    [value],
  )
}

/** A template's value, with its `$paths` looked up. What is not there is left out. */
export function filled(template: Template, from: Record<string, unknown>): unknown {
  if (typeof template === 'string')
    return template.startsWith('$') ? valuesAt(from, template.slice(1))[0] : template
  if (Array.isArray(template)) return template.map((item) => filled(item, from))
  if (typeof template !== 'object') return template
  return Object.fromEntries(Object.entries(template).map(([member, value]) => [member, filled(value, from)]))
}
