import { StatusError } from '../../api.ts'
import { plain, syntax, typeName } from '../go-format.ts'
import { isObject, type Json, type Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { FieldNode, ModelNode, Scalar, TypeNode } from '../schema/schema.ts'
import { elementKey, pathPart } from './field-set.ts'

/**
 * Refuses a configuration that is not of its kind's type: fields that the kind does not have, values of another type, list elements
 * that stand twice. Source: typed/validate.go of structured-merge-diff, managedfields/internal/structuredmerge.go; that it is an error of
 * the server (500): kubernetes/kubernetes#139253.
 */
export function checkTyped(model: ModelNode, kind: Kind, configuration: Obj): void {
  const { apiVersion, kind: name, ...rest } = configuration
  const faults = faultsOf({ kind: 'model', model }, undefined, rest, '')
  if (faults.length === 0) return
  const { metadata } = configuration
  const of = `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}; ${kind.group}/${kind.version}, Kind=${kind.kind}`
  const all = faults.length === 1 ? faults[0] : ['errors:', ...faults.map((fault) => `  ${fault}`)].join('\n')
  throw new StatusError(500, '', `failed to create typed patch object (${of}): ${all}`)
}

function faultsOf(type: TypeNode, field: FieldNode | undefined, value: Json, path: string): string[] {
  if (value === null || type.kind === 'any') return []
  switch (type.kind) {
    case 'model':
    case 'map':
      if (!isObject(value)) return [`${path}: expected map, got ${shown(value)}`]
      return type.kind === 'model'
        ? modelFaults(type.model, value, path)
        : Object.keys(value).flatMap((key) => faultsOf(type.of, undefined, value[key], `${path}.${key}`))
    case 'array':
      if (!Array.isArray(value)) return [`${path}: expected list, got ${shown(value)}`]
      return listFaults(type.of, field, value, path)
    case 'scalar':
      return scalarFaults(type.scalar, value).map((text) => `${path}: ${text}`)
  }
}

/** The walk of a structure ends at its first unknown field. */
function modelFaults(model: ModelNode, value: Obj, path: string): string[] {
  const faults: string[] = []
  for (const key of Object.keys(value)) {
    const field = model.fields.get(key)
    if (field) faults.push(...faultsOf(field.type, field, value[key], `${path}.${key}`))
    else if (!model.open) return [...faults, `${path}.${key}: field not declared in schema`]
  }
  return faults
}

function listFaults(of: TypeNode, field: FieldNode | undefined, items: Json[], path: string): string[] {
  const { keys } = field?.list ?? {}
  const faults: string[] = []
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (!keys) {
      faults.push(...faultsOf(of, undefined, item, `${path}[${index}]`))
      continue
    }
    const key = elementKey(field!.list, item ?? {})
    if (keys.length > 0 && key === 'k:{}') {
      const names = keys.map((name) => JSON.stringify(name)).join(' ')
      const why = `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`
      return [...faults, `${path}: element ${index}: ${why}`]
    }
    if (seen.has(key)) faults.push(`${path}: duplicate entries for key ${pathPart(key)}`)
    seen.add(key)
    faults.push(...faultsOf(of, undefined, item, path + pathPart(key)))
  }
  return faults
}

function scalarFaults(scalar: Scalar, value: Json): string[] {
  const isScalar = typeof value !== 'object'
  switch (scalar) {
    case 'int32':
    case 'int64':
    case 'double':
      return typeof value === 'number' ? [] : [`expected numeric (int or float), got ${typeName(value)}`]
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`expected boolean, got ${typeName(value)}`]
    case 'string':
    case 'bytes':
      return typeof value === 'string'
        ? []
        : [`expected string, got &value.valueUnstructured{Value:${syntax(value)}}`]
    default:
      return isScalar ? [] : [`expected any scalar, got ${shown(value)}`]
  }
}

const shown = (value: Json): string => `&{${plain(value)}}`
