import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { EditorState } from '@codemirror/state'
import {
  kindSchema,
  kindsOf,
  resolve,
  type Schema,
  type Schemas,
  schemaAt,
  schemasOf,
  typeText,
} from './schemas.ts'
import { placeOf, readLine, siblings } from './yaml-place.ts'

/** What manifests begin with most: others are known when they are written. */
const API_VERSIONS = [
  'v1',
  'apps/v1',
  'batch/v1',
  'networking.k8s.io/v1',
  'autoscaling/v2',
  'policy/v1',
  'rbac.authorization.k8s.io/v1',
  'storage.k8s.io/v1',
]

/** Offers fields and values that the cluster knows at this place. */
export async function completeManifest(context: CompletionContext): Promise<CompletionResult | null> {
  const { state, pos, explicit } = context
  const line = state.doc.lineAt(pos)
  const before = line.text.slice(0, pos - line.from)
  const value = /^(\s*(?:- +)*)([\w.-]+): +(\S*)$/.exec(before)
  const field = /^(\s*(?:- +)*)([\w.-]*)$/.exec(before)
  if (!value && !field) return null
  if (field && !explicit && field[2] === '') return null
  const lines = linesOf(state)
  if (value) return completeValue(lines, line.number - 1, pos, value[2]!, value[3]!)
  const [, lead = '', typed = ''] = field!
  const place = placeOf(lines, line.number - 1, lead.length)
  const from = pos - typed.length
  const found = await schemaFor(place.apiVersion, place.kind)
  const parents = place.path.slice(0, -1)
  const schema = found && schemaAt(found.schemas, found.schema, parents)
  if (!schema) {
    const options =
      lead === ''
        ? ['apiVersion', 'kind', 'metadata', 'spec'].map((label) => ({ label, apply: `${label}: ` }))
        : []
    return options.length > 0 ? { from, options } : null
  }
  const taken = siblings(lines, line.number - 1, lead.length)
  const options = Object.entries(schema.properties ?? {})
    .filter(([name]) => !taken.has(name) && name !== 'status')
    .map(([name, inner]) =>
      fieldOption(name, inner, found.schemas, lead.length, schema.required?.includes(name) ?? false),
    )
  return { from, options, validFor: /^[\w.-]*$/ }
}

async function completeValue(
  lines: string[],
  at: number,
  pos: number,
  name: string,
  typed: string,
): Promise<CompletionResult | null> {
  const place = placeOf(lines, at)
  const from = pos - typed.length
  const plain = (labels: string[]): CompletionResult => ({
    from,
    options: labels.map((label) => ({ label })),
  })
  if (name === 'apiVersion' && place.path.length === 1) return plain(API_VERSIONS)
  if (name === 'kind' && place.path.length === 1) {
    const schemas = place.apiVersion && (await schemasOf(place.apiVersion))
    return schemas ? plain(kindsOf(schemas, place.apiVersion!)) : null
  }
  const found = await schemaFor(place.apiVersion, place.kind)
  const schema = found && schemaAt(found.schemas, found.schema, place.path)
  if (schema?.enum) return plain(schema.enum.map(String))
  return schema?.type === 'boolean' ? plain(['true', 'false']) : null
}

function fieldOption(
  name: string,
  given: Schema,
  schemas: Schemas,
  indent: number,
  required: boolean,
): Completion {
  const schema = resolve(schemas, given) ?? given
  const type = typeText(schemas, schema)
  const inner = ' '.repeat(indent + 2)
  const apply =
    schema.type === 'array'
      ? `${name}:\n${inner}- `
      : type === 'object' || type.startsWith('map')
        ? `${name}:\n${inner}`
        : `${name}: `
  return {
    label: name,
    detail: required ? `${type}, required` : type,
    info: schema.description,
    apply,
    boost: required ? 1 : 0,
  }
}

/** What the field at a position is, as `kubectl explain` tells it; undefined where nothing is known. */
export async function explain(
  state: EditorState,
  pos: number,
): Promise<{ from: number; to: number; name: string; type: string; text: string } | undefined> {
  const line = state.doc.lineAt(pos)
  const read = readLine(line.text)
  if (read?.key === undefined) return undefined
  const from = line.from + read.column
  const to = from + read.key.length
  if (pos < from || pos > to) return undefined
  const place = placeOf(linesOf(state), line.number - 1)
  const found = await schemaFor(place.apiVersion, place.kind)
  const schema = found && schemaAt(found.schemas, found.schema, place.path)
  if (!schema) return undefined
  return {
    from,
    to,
    name: place.path.join('.').replaceAll('.[]', '[]'),
    type: typeText(found.schemas, schema),
    text: schema.description ?? '',
  }
}

async function schemaFor(
  apiVersion: string | undefined,
  kind: string | undefined,
): Promise<{ schemas: Schemas; schema: Schema } | undefined> {
  if (!apiVersion || !kind) return undefined
  const schemas = await schemasOf(apiVersion)
  const schema = schemas && kindSchema(schemas, apiVersion, kind)
  return schema && { schemas, schema }
}

function linesOf(state: EditorState): string[] {
  return state.doc.toString().split('\n')
}
