import type { CustomKind } from '../custom/kinds.ts'

/** What the API server knows about a resource, apart from its schema. Everything generic is driven by this. */
export interface Kind {
  /** `''` for core. */
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  shortNames: string[]
  categories: string[]
  namespaced: boolean
  verbs: Verb[]
  subresources: Subresource[]
  /** Name of its model in the schema. */
  model: string
  /** Whether `metadata.generation` counts changes of the wanted state. */
  generation: boolean
  /** Whether DELETE answers the object instead of a Status. */
  returnsDeleted: boolean
  /** The resource (`events`, `horizontalpodautoscalers.autoscaling`) that keeps its objects, when another version does. */
  storedAs?: string
  /** Whether objects are computed and not stored: reviews. */
  virtual: boolean
  /** Deletes orphan dependents unless the request says otherwise. */
  orphansByDefault: boolean
  /** A name need only be a valid path segment (RBAC). */
  names: NameRule
  /** What its CustomResourceDefinition says, for a custom resource. */
  custom?: CustomKind
  /** Whether the version is served; default yes. */
  served?: boolean
  /** Whether its CustomResourceDefinition is going, so that nothing new is made. */
  terminating?: boolean
  /** What kubectl warns of at each use. */
  deprecated?: string
  /** Kind of a list; default: the kind with `List`. */
  listKind?: string
  /** Field selectors beside `metadata.name` and `metadata.namespace`: label to path in the object. */
  fieldLabels: Record<string, string>
}

export type NameRule = 'subdomain' | 'label' | 'service' | 'path'

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch'

export interface Subresource {
  name: string
  /** Kind that it takes and gives. */
  kind: string
  group?: string
  version?: string
  verbs: ('get' | 'patch' | 'update' | 'create' | 'delete')[]
}

/** `deployments.apps`, `pods`: the name of a resource with its group. */
export const qualified = (kind: Pick<Kind, 'group' | 'plural'>): string =>
  kind.group ? `${kind.plural}.${kind.group}` : kind.plural

/** `apps/v1`, `v1`. */
export const apiVersionOf = (kind: { group: string; version: string }): string =>
  kind.group ? `${kind.group}/${kind.version}` : kind.version
