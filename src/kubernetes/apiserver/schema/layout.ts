import { FIELD_NUMBERS, INLINE } from './field-numbers.ts'

export interface Slot {
  /** `...X` for a message whose fields belong to its parent. */
  name: string
  /** Its zero is a value. */
  pointer: boolean
}

const layouts = new Map<string, Map<number, Slot>>()

/** Fields of a message by number; empty for one that has no numbers here. */
export function layoutOf(message: string): Map<number, Slot> {
  let layout = layouts.get(message)
  if (!layout) {
    layout = new Map()
    let number = 0
    for (const { jump, ...slot } of slots(fieldsOf(message))) {
      number = jump ?? number + 1
      layout.set(number, slot)
    }
    layouts.set(message, layout)
  }
  return layout
}

/** The fields of a message as the tables write them. */
export const fieldsOf = (message: string): string => FIELD_NUMBERS[message] ?? INLINE[message] ?? ''

/** Reads fields as the tables write them; `jump` is a number that is given. */
export function slots(fields: string): (Slot & { jump?: number })[] {
  return fields
    .split(' ')
    .filter(Boolean)
    .map((part) => {
      const [, name, jump, pointer] = part.match(/^([^=?]+)(?:=(\d+))?(\?)?$/)!
      return { name: name!, pointer: pointer === '?', ...(jump && { jump: Number(jump) }) }
    })
}

/** The names of a message's fields in JSON; undefined for one that has no numbers here. */
export function fieldNames(message: string): Set<string> | undefined {
  const layout = layoutOf(message)
  if (layout.size === 0) return undefined
  const names = new Set(['apiVersion', 'kind'])
  for (const { name } of layout.values()) {
    if (!name.startsWith('...')) names.add(name)
    else for (const inner of fieldNames(name.slice(3)) ?? []) names.add(inner)
  }
  return names
}
