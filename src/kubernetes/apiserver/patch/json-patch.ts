import { equal } from '../../equality.ts'
import { clone, isObject, type Json, type Obj } from '../json.ts'

/** The patch cannot be applied to this document: its text goes to the client. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}

interface Operation {
  op: string
  path: string
  from?: string
  value?: Json
}

const pointer = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))

/** RFC 6902, with the error texts of evanphx/json-patch. Gives a changed copy. */
export function applyJsonPatch(document: Json, operations: Json[]): Json {
  let result = clone(document)
  for (const operation of operations) result = step(result, checked(operation))
  return result
}

function checked(operation: Json): Operation {
  const text = (value: Json) => typeof value === 'string'
  if (!isObject(operation) || !text(operation.op) || !text(operation.path)) {
    throw new PatchError('Unexpected kind: unknown')
  }
  if (operation.from !== undefined && !text(operation.from)) throw new PatchError('Unexpected kind: unknown')
  return operation as Operation
}

function step(document: Json, { op, path, from, value }: Operation): Json {
  switch (op) {
    case 'add':
      return set(document, path, value, 'add')
    case 'replace':
      find(document, path, 'replace')
      return set(document, path, value, 'replace')
    case 'remove':
      remove(document, path)
      return document
    case 'move': {
      const moved = find(document, from ?? '', 'move')
      remove(document, from ?? '')
      return set(document, path, moved, 'add')
    }
    case 'copy':
      return set(document, path, clone(find(document, from ?? '', 'copy')), 'add')
    case 'test':
      if (!equal(find(document, path, 'test', true) ?? null, value ?? null)) {
        throw new PatchError(`testing value ${path} failed: test failed`)
      }
      return document
    default:
      throw new PatchError(`Unexpected kind: ${op}`)
  }
}

function find(document: Json, path: string, op: string, lenient = false): Json {
  let value = document
  for (const part of pointer(path)) {
    const next = member(value, part)
    if (next === undefined && !lenient) {
      throw new PatchError(
        `${op} operation does not apply: doc is missing ${op === 'replace' ? 'key' : 'path'}: ${path}: missing value`,
      )
    }
    value = next
  }
  return value
}

/** A member of an object or a list itself: what a client names must not reach what all objects inherit. */
const member = (value: Json, name: string): Json =>
  isContainer(value) && Object.hasOwn(value, name) ? value[name] : undefined

const isContainer = (value: Json): value is Obj => typeof value === 'object' && value !== null

function parentOf(document: Json, path: string, op: string): { parent: Json; key: string } {
  const parts = pointer(path)
  const key = parts.pop()!
  let parent = document
  for (const part of parts) {
    parent = member(parent, part)
    if (parent === undefined)
      throw new PatchError(
        `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`,
      )
  }
  if (!isContainer(parent))
    throw new PatchError(
      `${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`,
    )
  return { parent, key }
}

function set(document: Json, path: string, value: Json, op: 'add' | 'replace'): Json {
  if (path === '') return value
  const { parent, key } = parentOf(document, path, op)
  if (key === '__proto__') throw new PatchError(`${op} operation does not apply: ${path} is no field`)
  if (!Array.isArray(parent)) parent[key] = value
  else if (op === 'replace') parent[Number(key)] = value
  else {
    const index = key === '-' ? parent.length : Number(key)
    if (!(index >= 0 && index <= parent.length)) {
      throw new PatchError(
        `add operation does not apply: doc is missing path: ${JSON.stringify(path)}: invalid index referenced`,
      )
    }
    parent.splice(index, 0, value)
  }
  return document
}

function remove(document: Json, path: string): void {
  const { parent, key } = parentOf(document, path, 'remove')
  if (member(parent, key) === undefined) {
    throw new PatchError(
      `remove operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`,
    )
  }
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

/** RFC 7386. Gives a changed copy. */
export function applyMergePatch(document: Json, patch: Json): Json {
  if (!isObject(patch)) return patch
  const result = isObject(document) ? { ...document } : {}
  for (const key in patch) {
    if (patch[key] === null) delete result[key]
    else result[key] = applyMergePatch(result[key], patch[key])
  }
  return result
}
