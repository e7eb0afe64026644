import { isMap, isScalar, isSeq, type Node, type ParsedNode, parseAllDocuments, type YAMLMap } from 'yaml'
import { t } from '../../../i18n/index.ts'
import { isIntOrString, kindSchema, resolve, type Schema, type Schemas, schemasOf } from './schemas.ts'

export interface Mistake {
  from: number
  to: number
  severity: 'error' | 'warning'
  message: string
}

/** What is wrong with manifests: YAML that does not parse, and fields that the cluster would refuse. */
export async function mistakesIn(text: string): Promise<Mistake[]> {
  const mistakes: Mistake[] = []
  for (const document of parseAllDocuments(text, { keepSourceTokens: false })) {
    if (!('contents' in document)) continue
    for (const { pos, message } of document.errors)
      mistakes.push({
        from: pos[0],
        to: Math.max(pos[1], pos[0] + 1),
        severity: 'error',
        message: message.split('\n')[0]!,
      })
    const root = document.contents
    if (document.errors.length > 0 || !isMap(root)) continue
    const apiVersion = root.get('apiVersion')
    const kind = root.get('kind')
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') continue
    const schemas = await schemasOf(apiVersion)
    const schema = schemas && kindSchema(schemas, apiVersion, kind)
    if (schemas && schema) walk(root as ParsedNode, schema, '', schemas, mistakes)
    else if (schemas)
      mistakes.push({
        ...rangeOf(root.get('kind', true)),
        severity: 'error',
        message: t.files.noKind(kind, apiVersion),
      })
  }
  return mistakes
}

function walk(node: Node | null, given: Schema, path: string, schemas: Schemas, mistakes: Mistake[]): void {
  const schema = resolve(schemas, given)
  if (!node || !schema || (isScalar(node) && node.value === null)) return
  const wrong = mismatch(node, schema)
  if (wrong) {
    mistakes.push({ ...rangeOf(node), severity: 'error', message: wrong })
    return
  }
  if (isSeq(node) && schema.items) {
    for (const [index, item] of node.items.entries())
      walk(item as Node, schema.items, `${path}[${index}]`, schemas, mistakes)
  } else if (isMap(node)) walkMap(node, schema, path, schemas, mistakes)
}

function walkMap(node: YAMLMap, schema: Schema, path: string, schemas: Schemas, mistakes: Mistake[]): void {
  const { properties, additionalProperties } = schema
  const open = additionalProperties === true || schema['x-kubernetes-preserve-unknown-fields'] || !properties
  for (const { key, value } of node.items) {
    const name = String(isScalar(key) ? key.value : key)
    const at = path ? `${path}.${name}` : name
    const inside =
      properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    if (inside) walk(value as Node | null, inside, at, schemas, mistakes)
    // As the API server words it.
    else if (!open)
      mistakes.push({ ...rangeOf(key as Node), severity: 'error', message: `unknown field "${at}"` })
  }
  for (const name of schema.required ?? [])
    if (!node.has(name))
      mistakes.push({
        ...rangeOf(node.items[0]?.key as Node),
        severity: 'warning',
        message: t.files.missing(path ? `${path}.${name}` : name),
      })
}

/** What the schema wants instead, if it is not this. */
function mismatch(node: Node, schema: Schema): string | undefined {
  if (isIntOrString(schema)) return undefined
  const wants = schema.type ?? (schema.properties ? 'object' : undefined)
  const is = isMap(node)
    ? 'object'
    : isSeq(node)
      ? 'array'
      : isScalar(node)
        ? scalarType(node.value)
        : undefined
  if (wants && is && wants !== is && !(wants === 'number' && is === 'integer'))
    return t.files.wrongType(wants, is)
  if (schema.enum && isScalar(node) && !schema.enum.includes(node.value))
    return t.files.noChoice(schema.enum.join(', '))
  return undefined
}

function scalarType(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function rangeOf(node: unknown): { from: number; to: number } {
  const range = (node as Node | undefined)?.range
  return range ? { from: range[0], to: Math.max(range[1], range[0] + 1) } : { from: 0, to: 1 }
}
