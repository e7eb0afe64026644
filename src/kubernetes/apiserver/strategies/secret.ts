import { equal } from '../../equality.ts'
import { type FieldError, forbiddenField, invalidValue, required, tooLong } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Strategy } from '../storage/strategy.ts'

/** Objects marked immutable stay so, with their data. */
function immutableErrors(object: Obj, old: Obj | undefined, fields: string[]): FieldError[] {
  if (!old?.immutable) return []
  const errors: FieldError[] = []
  if (!object.immutable)
    errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'))
  for (const field of fields) {
    if (!equal(object[field], old[field])) {
      errors.push(forbiddenField(field, 'field is immutable when `immutable` is set'))
    }
  }
  return errors
}

/** Largest sum of the values, in bytes. */
const MAX_SIZE = 1024 * 1024

const sizeErrors = (object: Obj): FieldError[] => {
  let size = 0
  for (const value of Object.values({ ...object.data, ...object.binaryData }))
    size += (value as string).length
  return size > MAX_SIZE ? [tooLong('data', MAX_SIZE)] : []
}

export const configMapStrategy: Strategy = {
  validate: (object, old) => [...immutableErrors(object, old, ['data', 'binaryData']), ...sizeErrors(object)],
}

/** Keys that a Secret of a type must have. */
const NEEDED: Record<string, string[]> = {
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

/** `stringData` is written into `data` and never read back. */
function mergeStringData(object: Obj): void {
  if (!object.stringData) return
  const encoded = Object.entries(object.stringData as Record<string, string>).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  object.data = { ...object.data, ...Object.fromEntries(encoded) }
  delete object.stringData
}

export const secretStrategy: Strategy = {
  create: mergeStringData,
  update: (object, old) => {
    mergeStringData(object)
    object.type ??= old.type
  },
  validate: (object, old) => {
    const errors = [...immutableErrors(object, old, ['data']), ...sizeErrors(object)]
    for (const key of NEEDED[object.type] ?? []) {
      if (object.data?.[key] === undefined) errors.push(required(`data[${key}]`))
    }
    if (old && object.type !== old.type) errors.push(invalidValue('type', object.type, 'field is immutable'))
    return errors
  },
}
