import type { Entry } from '#world/store.ts'
import { equal } from '../../equality.ts'
import type { FieldError } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import type { Kind, Subresource, Verb } from '../kinds/kind.ts'
import type { ListRule } from '../schema/lists.ts'
import type { FieldNode, ModelNode, Schema, TypeNode } from '../schema/schema.ts'
import type { Column } from '../tables/column.ts'
import { printerColumns } from './columns.ts'
import { ruleErrors } from './expressions.ts'
import { type JsonSchema, keepsUnknown, valuesOf } from './json-schema.ts'
import { applyDefaults, type EmbeddedMetadata, prune } from './prune.ts'
import { schemaErrors, valueAt } from './validate.ts'

/** What one version of a CustomResourceDefinition says about its objects. */
export interface CustomKind {
  /** The version in whose form objects are stored. */
  storage: Kind
  schema: JsonSchema
  columns: Column[]
  scale: ScalePaths | undefined
  description: string
  /** Its fields, for patches and ownership. */
  model(schema: Schema): ModelNode
  /** Leaves out what the schema does not know; paths of that go to `unknown`. `metadata` sees to that of embedded objects. */
  prune(object: Obj, unknown: string[], metadata?: EmbeddedMetadata): Obj
  /** Fills in defaults, in place. */
  default(object: Obj): void
  validate(object: Obj, old: Obj | undefined): FieldError[]
}

export interface ScalePaths {
  specReplicasPath: string
  statusReplicasPath: string
  labelSelectorPath?: string
}

const VERBS: Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const PART: Subresource['verbs'] = ['get', 'patch', 'update']

const known = new WeakMap<Entry, Kind[]>()

/** The kinds of a CustomResourceDefinition's served versions, with the one of storage even when it is not served. */
export function customKinds(entry: Entry): Kind[] {
  let kinds = known.get(entry)
  if (!kinds) {
    const { spec, status, metadata } = entry.value as Obj
    kinds = build(spec, status?.acceptedNames)
    if (metadata.deletionTimestamp) for (const kind of kinds) kind.terminating = true
    known.set(entry, kinds)
  }
  return kinds
}

/** Whether the names were accepted, so that the resources are served. */
export const isEstablished = ({ value }: Entry): boolean =>
  ((value as Obj).status?.conditions ?? []).some(
    (condition: Obj) => condition.type === 'Established' && condition.status === 'True',
  )

function build(spec: Obj, accepted: Obj | undefined): Kind[] {
  const versions = [...spec.versions].sort((a: Obj, b: Obj) => compareVersions(a.name, b.name))
  const kinds: Kind[] = versions.map((version: Obj) => kindOf(spec, { ...spec.names, ...accepted }, version))
  const storage = kinds[versions.findIndex((version: Obj) => version.storage)]!
  for (const kind of kinds) {
    kind.custom!.storage = storage
    if (kind !== storage) kind.storedAs = `${kind.plural}.${kind.group}`
  }
  return kinds
}

function kindOf(spec: Obj, names: Obj, version: Obj): Kind {
  const { status, scale } = version.subresources ?? {}
  const subresources: Subresource[] = [
    ...(scale ? [{ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: PART }] : []),
    ...(status ? [{ name: 'status', kind: names.kind, verbs: PART }] : []),
  ]
  const selectable = (version.selectableFields ?? []).map(({ jsonPath }: Obj) => jsonPath.replace(/^\./, ''))
  const schema: JsonSchema = spec.preserveUnknownFields
    ? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
    : (version.schema?.openAPIV3Schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  return {
    group: spec.group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: spec.scope === 'Namespaced',
    verbs: VERBS,
    subresources,
    model: '',
    generation: true,
    returnsDeleted: false,
    served: version.served,
    virtual: false,
    orphansByDefault: false,
    names: 'subdomain',
    fieldLabels: Object.fromEntries(selectable.map((path: string) => [path, path])),
    listKind: names.listKind,
    custom: customOf(schema, version, scale, Boolean(status)),
  }
}

function customOf(
  schema: JsonSchema,
  version: Obj,
  scale: ScalePaths | undefined,
  hasStatus: boolean,
): CustomKind {
  let model: ModelNode | undefined
  return {
    storage: undefined as never,
    schema,
    columns: printerColumns(version.additionalPrinterColumns),
    scale,
    description: schema.description ?? '',
    model: (base) => {
      model ??= rootModel(schema, base, hasStatus)
      return model
    },
    prune: (object, unknown, metadata = (same) => same) => prune(schema, object, '', unknown, metadata, true),
    default: (object) => applyDefaults(schema, object),
    validate: (object, old) => ratcheted(errorsOf(schema, object, old), object, old),
  }
}

function errorsOf(schema: JsonSchema, object: Obj, old: Obj | undefined): FieldError[] {
  const errors = schemaErrors(schema, object, '', true)
  // As upstream: rules are not asked about what already has the wrong form.
  return errors.length > 0 ? errors : ruleErrors(schema, object, old)
}

/** An update does not fail for what it did not touch (KEP-4008). */
function ratcheted(errors: FieldError[], object: Obj, old: Obj | undefined): FieldError[] {
  if (!old) return errors
  return errors.filter(({ field }) => {
    const value: Json = valueAt(object, field)
    return value === undefined || field === '' || !equal(value, valueAt(old, field))
  })
}

const ANY: TypeNode = { kind: 'any' }
const NO_RULE: ListRule = {}

function rootModel(schema: JsonSchema, base: Schema, hasStatus: boolean): ModelNode {
  const model = modelOf('', schema, base)
  addRootFields(model, base)
  if (!model.fields.has('status') && hasStatus) addField(model, 'status', ANY)
  return model
}

const addField = (model: ModelNode, name: string, type: TypeNode) =>
  model.fields.set(name, { name, type, required: false, list: NO_RULE, atomic: false })

/** What every object has, one within another too. */
function addRootFields(model: ModelNode, base: Schema): void {
  addField(model, 'apiVersion', { kind: 'scalar', scalar: 'string' })
  addField(model, 'kind', { kind: 'scalar', scalar: 'string' })
  addField(model, 'metadata', { kind: 'model', model: base.model('V1ObjectMeta') })
}

function modelOf(name: string, schema: JsonSchema, base: Schema): ModelNode {
  const fields = new Map<string, FieldNode>()
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    fields.set(key, {
      name: key,
      type: typeOf(property, base),
      required: schema.required?.includes(key) ?? false,
      list: listRule(property),
      atomic: property['x-kubernetes-map-type'] === 'atomic',
    })
  }
  const open = keepsUnknown(schema)
  return { name, fields, atomic: schema['x-kubernetes-map-type'] === 'atomic', ...(open && { open }) }
}

function typeOf(schema: JsonSchema, base: Schema): TypeNode {
  const values = valuesOf(schema)
  if (schema.type === 'array') return { kind: 'array', of: typeOf(schema.items ?? {}, base) }
  if (schema.type === 'object' && schema.properties) {
    const model = modelOf('', schema, base)
    if (schema['x-kubernetes-embedded-resource']) addRootFields(model, base)
    return { kind: 'model', model }
  }
  if (schema.type === 'object') return { kind: 'map', of: values ? typeOf(values, base) : ANY }
  return ANY
}

function listRule(schema: JsonSchema): ListRule {
  const keys = schema['x-kubernetes-list-map-keys']
  if (schema['x-kubernetes-list-type'] === 'set') return { keys: [] }
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys) return NO_RULE
  const defaults = keys.flatMap((key) => {
    const value = schema.items?.properties?.[key]?.default
    return value === undefined ? [] : [[key, value]]
  })
  return { keys, ...(defaults.length > 0 && { keyDefaults: Object.fromEntries(defaults) }) }
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/
const STAGE: Record<string, number> = { alpha: 0, beta: 1 }

/** Orders versions, the preferred first: v2, v1, v1beta1, v1alpha1, others. Models apimachinery/pkg/version.CompareKubeAwareVersionStrings. */
export function compareVersions(a: string, b: string): number {
  const rank = (text: string) => {
    const match = text.match(VERSION)
    return match ? [STAGE[match[2] ?? ''] ?? 2, Number(match[1]), Number(match[3] ?? 0)] : undefined
  }
  const [left, right] = [rank(a), rank(b)]
  if (!left || !right) return left ? -1 : right ? 1 : a < b ? -1 : 1
  for (let index = 0; index < 3; index++)
    if (left[index] !== right[index]) return right[index]! - left[index]!
  return 0
}
