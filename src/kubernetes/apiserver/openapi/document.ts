import type { Kind, Subresource } from '../kinds/kind.ts'
import { ATOMIC_MAPS, ATOMIC_MODELS, LIST_RULES, QUANTITIES } from '../schema/lists.ts'
import type { Model, ModelField } from './models.ts'

type Json = Record<string, unknown>

/** The OpenAPI v3 document of one group and version, with the models that its kinds reach. */
export function documentOf(group: string, kinds: Kind[], models: Map<string, Model>): Json {
  const schemas: Record<string, Json> = Object.fromEntries(Object.values(VALUES))
  const pending: string[] = []
  const reference = (model: string): Json => {
    const name = schemaName(model, group)
    if (!schemas[name]) {
      schemas[name] = {}
      pending.push(model)
    }
    return { $ref: `#/components/schemas/${name}` }
  }
  reference('V1DeleteOptions')
  const paths: Record<string, Json> = {}
  for (const kind of kinds) {
    const gvk = { group: kind.group, version: kind.version, kind: kind.kind }
    const object = reference(kind.model)
    schemas[schemaName(kind.model, group)]!['x-kubernetes-group-version-kind'] = [gvk]
    if (kind.verbs.includes('list')) {
      reference(`${kind.model}List`)
      schemas[schemaName(`${kind.model}List`, group)]!['x-kubernetes-group-version-kind'] = [
        { ...gvk, kind: `${kind.kind}List` },
      ]
    }
    const list = kind.verbs.includes('list') ? reference(`${kind.model}List`) : object
    Object.assign(paths, pathsOf(kind, object, list))
  }
  for (let model = pending.pop(); model; model = pending.pop()) {
    const found = models.get(model)
    if (found) Object.assign(schemas[schemaName(model, group)]!, schemaOf(found, { reference, models }))
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: { schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) },
  }
}

type Named = [name: string, schema: Json]

/** Values that are no models and still have a name. */
const VALUES: Record<'IntOrString' | 'Quantity', Named> = {
  IntOrString: [
    'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
    {
      description: 'IntOrString is a type that can hold an int32 or a string.',
      format: 'int-or-string',
      oneOf: [{ type: 'integer' }, { type: 'string' }],
    },
  ],
  Quantity: [
    'io.k8s.apimachinery.pkg.api.resource.Quantity',
    {
      description: 'Quantity is a fixed-point representation of a number.',
      oneOf: [{ type: 'string' }, { type: 'number' }],
    },
  ],
}

const referenceTo = ([name]: Named): Json => ({ $ref: `#/components/schemas/${name}` })

/** What the schema of one model may need of the others. */
interface Reader {
  reference(model: string): Json
  models: Map<string, Model>
}

const META = new Set([
  'ObjectMeta',
  'ListMeta',
  'LabelSelector',
  'LabelSelectorRequirement',
  'OwnerReference',
  'ManagedFieldsEntry',
  'Condition',
  'DeleteOptions',
  'Preconditions',
  'Status',
  'StatusCause',
  'StatusDetails',
  'FieldSelectorRequirement',
])

/** `V1Pod` → `io.k8s.api.core.v1.Pod`; a model does not tell its group, so the reading document's is taken. */
function schemaName(model: string, group: string): string {
  const [, version, name] = model.match(/^(?:[A-Z][a-z]+)*?V(\d+)(.+)$/)!
  if (META.has(name!)) return `io.k8s.apimachinery.pkg.apis.meta.v1.${name}`
  return `io.k8s.api.${group.split('.')[0] || 'core'}.v${version}.${name}`
}

function schemaOf(model: Model, reader: Reader): Json {
  const required = model.fields.filter((field) => field.required).map((field) => field.name)
  return {
    description: plain(model.description),
    type: 'object',
    ...(model.fields.length > 0 && {
      properties: Object.fromEntries(
        model.fields.map((field) => [field.name, property(model.name, field, reader)]),
      ),
    }),
    ...(required.length > 0 && { required }),
    ...(ATOMIC_MODELS.has(model.name) && { 'x-kubernetes-map-type': 'atomic' }),
  }
}

function property(model: string, field: ModelField, reader: Reader): Json {
  const path = `${model}.${field.name}`
  const type = typeOf(field.type, field.format, QUANTITIES.has(path), reader)
  const rule =
    LIST_RULES[path] ?? (field.name === 'conditions' ? LIST_RULES['V1PodStatus.conditions'] : undefined)
  const strategies = [rule?.mergeKey !== undefined && 'merge', rule?.retainKeys && 'retainKeys'].filter(
    Boolean,
  )
  const isList = field.type.startsWith('Array<')
  const described = '$ref' in type ? { allOf: [type] } : type
  return {
    ...described,
    // The generated types say nothing about fields that are objects themselves: their type's own text stands in.
    description: plain(field.description || reader.models.get(modelIn(field.type))?.description || ''),
    ...(field.required && { default: '$ref' in type ? {} : DEFAULTS[type.type as string] }),
    ...(isList && {
      'x-kubernetes-list-type': rule?.keys ? (rule.keys.length > 0 ? 'map' : 'set') : 'atomic',
      ...(rule?.keys?.length && { 'x-kubernetes-list-map-keys': rule.keys }),
    }),
    ...(strategies.length > 0 && { 'x-kubernetes-patch-strategy': strategies.join(',') }),
    ...(rule?.mergeKey && { 'x-kubernetes-patch-merge-key': rule.mergeKey }),
    ...(ATOMIC_MAPS.has(path) && { 'x-kubernetes-map-type': 'atomic' }),
  }
}

/** The model in `Array<V1Container>` and the like. */
const modelIn = (type: string) => type.match(/\w*V\d+\w+/)?.[0] ?? ''

const DEFAULTS: Record<string, unknown> = { string: '', integer: 0, boolean: false }

function typeOf(type: string, format: string, quantity: boolean, reader: Reader): Json {
  const list = type.match(/^(?:Array|Set)<(.+)>$/)
  if (list) return { type: 'array', items: typeOf(list[1]!, format, quantity, reader) }
  const map = type.match(/^\{ \[key: string\]: (.+); \}$/)
  if (map) return { type: 'object', additionalProperties: typeOf(map[1]!, format, quantity, reader) }
  switch (type) {
    case 'string':
      return quantity ? referenceTo(VALUES.Quantity) : { type: 'string', ...(format && { format }) }
    case 'number':
      return format === 'double' ? { type: 'number', format } : { type: 'integer', format: format || 'int32' }
    case 'boolean':
      return { type: 'boolean' }
    case 'Date':
      return { type: 'string', format: 'date-time' }
    case 'IntOrString':
      return referenceTo(VALUES.IntOrString)
    case 'any':
    case 'object':
      return { type: 'object' }
    default:
      return reader.reference(type)
  }
}

/** Undoes the generator's escapes. */
const plain = (text: string) => text.replace(/\\(["'])/g, '$1')

const query = (name: string, type: string): Json => ({
  name,
  in: 'query',
  schema: { type, uniqueItems: true },
})
const inPath = (name: string): Json => ({
  name,
  in: 'path',
  required: true,
  schema: { type: 'string', uniqueItems: true },
})
const COMMON = [query('pretty', 'string')]
const WRITE = [query('dryRun', 'string'), query('fieldManager', 'string'), query('fieldValidation', 'string')]
const LIST = [
  ...['continue', 'fieldSelector', 'labelSelector', 'resourceVersion', 'resourceVersionMatch'].map((name) =>
    query(name, 'string'),
  ),
  ...['limit', 'timeoutSeconds'].map((name) => query(name, 'integer')),
  ...['allowWatchBookmarks', 'sendInitialEvents', 'watch'].map((name) => query(name, 'boolean')),
]

const METHODS: Record<string, [method: string, action: string, parameters: Json[]]> = {
  get: ['get', 'get', []],
  list: ['get', 'list', LIST],
  create: ['post', 'post', WRITE],
  update: ['put', 'put', WRITE],
  patch: ['patch', 'patch', [...WRITE, query('force', 'boolean')]],
  delete: [
    'delete',
    'delete',
    [query('dryRun', 'string'), query('gracePeriodSeconds', 'integer'), query('propagationPolicy', 'string')],
  ],
  deletecollection: ['delete', 'deletecollection', LIST],
}

/** The paths of a kind; `object` and `list` refer to their schemas. */
export function pathsOf(kind: Kind, object: Json, list: Json): Record<string, Json> {
  const prefix = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  const collection = `${prefix}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`
  const gvk = { group: kind.group, version: kind.version, kind: kind.kind }
  const paths: Record<string, Json> = {}
  const add = (path: string, verbs: readonly string[], as: Json) => {
    const item = operations(verbs, as, object, list)
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => inPath(name!))
    if (Object.keys(item).length > 0) paths[path] = { ...item, parameters: [...named, ...COMMON] }
  }
  const on = (...verbs: string[]) => verbs.filter((verb) => (kind.verbs as string[]).includes(verb))
  add(collection, on('list', 'create', 'deletecollection'), gvk)
  add(`${collection}/{name}`, on('get', 'update', 'patch', 'delete'), gvk)
  if (kind.namespaced && kind.verbs.includes('list')) add(`${prefix}/${kind.plural}`, ['list'], gvk)
  for (const sub of kind.subresources) add(`${collection}/{name}/${sub.name}`, sub.verbs, gvkOf(kind, sub))
  return paths
}

const gvkOf = (kind: Kind, sub: Subresource): Json => ({
  group: sub.group ?? kind.group,
  version: sub.version ?? kind.version,
  kind: sub.kind,
})

function operations(verbs: readonly string[], gvk: Json, object: Json, list: Json): Json {
  const item: Json = {}
  const body = { content: { 'application/json': { schema: object } } }
  const lists = { content: { 'application/json': { schema: list } } }
  for (const verb of verbs) {
    const [method, action, parameters] = METHODS[verb]!
    item[method] = {
      parameters,
      ...(['post', 'put', 'patch'].includes(method) && { requestBody: body }),
      responses: { 200: { description: 'OK', ...(verb === 'list' ? lists : body) } },
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': gvk,
    }
  }
  return item
}
