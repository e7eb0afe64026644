import { createHash } from 'node:crypto'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Kinds } from '../kinds/kinds.ts'
import { pathsOf } from './document.ts'

interface Document {
  text: string
  hash: string
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const built = new WeakMap<Kinds, { state: string; documents: Map<string, Document> }>()

/** OpenAPI v3 documents by path (`apis/example.com/v1`) of the versions that CustomResourceDefinitions add. */
export async function customDocuments(
  kinds: Kinds,
  metaSchemas: () => Promise<Record<string, object>>,
): Promise<Map<string, Document>> {
  const state = kinds.state()
  const known = built.get(kinds)
  if (known?.state === state) return new Map(known.documents)
  const meta = state === '' ? {} : await metaSchemas()
  const documents = new Map(
    kinds.custom().map(({ group, version, kinds: served }) => {
      const text = JSON.stringify(documentOf(served, meta))
      const hash = createHash('sha512').update(text).digest('hex').toUpperCase()
      return [`apis/${group}/${version}`, { text, hash }]
    }),
  )
  built.set(kinds, { state, documents })
  return new Map(documents)
}

function documentOf(kinds: Kind[], meta: Record<string, object>): Obj {
  const schemas: Record<string, object> = { ...meta }
  const paths: Obj = {}
  for (const kind of kinds) {
    const gvk = { group: kind.group, version: kind.version, kind: kind.kind }
    const name = `${kind.group.split('.').reverse().join('.')}.${kind.version}.${kind.kind}`
    const object = { $ref: `#/components/schemas/${name}` }
    schemas[name] = { ...rootSchema(kind), 'x-kubernetes-group-version-kind': [gvk] }
    schemas[`${name}List`] = listSchema(kind, object)
    Object.assign(paths, pathsOf(kind, object, { $ref: `#/components/schemas/${name}List` }))
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes CRD Swagger', version: 'v0.1.0' },
    paths,
    components: { schemas },
  }
}

const API_VERSION =
  'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources'
const KIND =
  'Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds'
const TYPE = {
  apiVersion: { type: 'string', description: API_VERSION },
  kind: { type: 'string', description: KIND },
}

function rootSchema({ custom }: Kind): Obj {
  const { properties, ...schema } = custom!.schema as Obj
  return {
    ...schema,
    type: 'object',
    properties: {
      ...properties,
      ...TYPE,
      metadata: {
        description:
          "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
        allOf: [{ $ref: `#/components/schemas/${META}.ObjectMeta` }],
      },
    },
  }
}

const listSchema = (kind: Kind, object: object): Obj => ({
  description: `${kind.kind}List is a list of ${kind.kind}`,
  type: 'object',
  required: ['items'],
  properties: {
    ...TYPE,
    items: { type: 'array', items: object, description: `List of ${kind.plural}.` },
    metadata: {
      allOf: [{ $ref: `#/components/schemas/${META}.ListMeta` }],
      description: 'Standard list metadata.',
    },
  },
  'x-kubernetes-group-version-kind': [
    { group: kind.group, version: kind.version, kind: kind.listKind ?? `${kind.kind}List` },
  ],
})
