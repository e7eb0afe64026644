import { isObject, type Json } from '../json.ts'
import type { FieldSet } from './field-set.ts'
import type { ManagedFields } from './managed-fields.ts'

// Models apimachinery/pkg/util/managedfields/internal (DecodeManagedFields) and structured-merge-diff/fieldpath (Set.FromJSON).

/** Who a client says that owns what; undefined when that cannot be read: what stands in the stored object holds then. */
export function decodeManagers(managers: Json): ManagedFields[] | undefined {
  if (!Array.isArray(managers)) return undefined
  const decoded: ManagedFields[] = []
  for (const entry of managers) {
    const known = isObject(entry) ? decodeEntry(entry as Record<string, unknown>) : undefined
    if (!known) return undefined
    decoded.push(known)
  }
  return decoded
}

/** The list of one empty entry, by which a client takes all owners away. */
export const isReset = (managers: Json): boolean =>
  Array.isArray(managers) &&
  managers.length === 1 &&
  isObject(managers[0]) &&
  Object.keys(managers[0]).length === 0

function decodeEntry(entry: Record<string, unknown>): ManagedFields | undefined {
  const { manager = '', operation, apiVersion, time, fieldsType, fieldsV1, subresource } = entry
  if (operation !== 'Apply' && operation !== 'Update') return undefined
  if (typeof apiVersion !== 'string' || apiVersion === '' || fieldsType !== 'FieldsV1') return undefined
  if (typeof manager !== 'string' || !isTextOrNothing(time) || !isTextOrNothing(subresource)) return undefined
  const set = decodeSet(fieldsV1)
  if (!set) return undefined
  return {
    manager,
    operation,
    apiVersion,
    ...(time && { time }),
    ...(subresource && { subresource }),
    fieldsType,
    fieldsV1: set,
  } as ManagedFields
}

const isTextOrNothing = (value: unknown): value is string | null | undefined =>
  value === undefined || value === null || typeof value === 'string'

/** A set as a client sends it; undefined when it is none. */
function decodeSet(value: unknown): FieldSet | undefined {
  if (value === undefined || value === null) return {}
  if (!isObject(value)) return undefined
  const set: FieldSet = {}
  for (const [key, inner] of Object.entries(value)) {
    const isKnown = isElement(key)
    const below = isKnown === undefined ? undefined : decodeSet(inner)
    if (!below) return undefined
    if (isKnown) set[key] = below
  }
  return set
}

/** Whether a key names something; undefined when it cannot be read, false when it is of a kind that is not known. */
function isElement(key: string): boolean | undefined {
  if (key === '.') return true
  if (key[1] !== ':') return undefined
  const text = key.slice(2)
  if (key[0] === 'f') return true
  if (key[0] === 'i') return /^[+-]?\d+$/.test(text) || undefined
  if (key[0] !== 'v' && key[0] !== 'k') return false
  try {
    const value = JSON.parse(text)
    return key[0] === 'v' || isObject(value) || undefined
  } catch {
    return undefined
  }
}
