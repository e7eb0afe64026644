import { ConflictError, type Entry, type Listing, type ListOptions } from '#world/store.ts'
import type { KubernetesObject } from '../../api.ts'
import { equal } from '../../equality.ts'
import { objectKey, resourcePrefix } from '../../keys.ts'
import type { ClusterOptions, UserInfo } from '../../provider.ts'
import { timestamp } from '../../time.ts'
import { WebhookAnswers } from '../admission/webhooks/answers.ts'
import { areThereWebhooks } from '../admission/webhooks/hooks.ts'
import type { Authorization } from '../auth/authorization.ts'
import { fillDefaults } from '../defaults/defaults.ts'
import { alreadyExists, badRequest, conflict, invalid, MODIFIED, notFound, storageFull } from '../errors.ts'
import type { Obj } from '../json.ts'
import { apiVersionOf, type Kind } from '../kinds/kind.ts'
import { Kinds } from '../kinds/kinds.ts'
import { kindOf } from '../kinds/registry.ts'
import { modelOf, type Schema } from '../schema/schema.ts'
import { firstStatus } from '../strategies/first-status.ts'
import { validateModel } from '../validation/models.ts'
import { finalizerErrors, metadataErrors } from '../validation/names.ts'
import { type DeleteRequest, deletionOf } from './deletion.ts'
import { objectOf } from './entries.ts'
import type { AdmissionPlugin, AdmissionRequest, Strategy, StrategyContext } from './strategy.ts'

export interface WriteOptions {
  user?: UserInfo
  /** Does everything but store. */
  dryRun?: boolean
  /** `status` and other subresources change only their part. */
  subresource?: string
  /** Where a request that is tried again finds what webhooks have said. Default: those of the cluster's own components. */
  answers?: WebhookAnswers
  /** What a cluster is made of: it is stored even where the world may hold no more. */
  essential?: boolean
  /** Tells the client something beside the answer. */
  warn?: (text: string) => void
  /** Tells the audit log something beside the request. */
  annotate?: (key: string, value: string) => void
  /** Notes in `metadata.managedFields` who wrote what. */
  manage?: (object: Obj, old: Obj | undefined) => void
}

interface Parts {
  cluster: ClusterOptions
  /** Given by a function: it is read while the cluster starts. */
  schema: () => Schema
  /** Given by a function: it reads roles from these objects. */
  authorization: () => Authorization
  strategies: Record<string, Strategy>
  admission: Record<'mutating' | 'validating' | 'connect', AdmissionPlugin[]>
}

const PHASES = ['mutating', 'validating'] as const
const NAME_SUFFIX = 'bcdfghjklmnpqrstvwxz2456789'
/** Names longer than this are cut before generateName's five characters. */
const GENERATE_LIMIT = 58
const GENERATE_ATTEMPTS = 8

/**
 * The objects of a cluster in the world's store: the one way in for HTTP requests and the cluster's own components.
 * Writes are defaulted, admitted, validated and stored with compare-and-swap. Objects passed in are taken over and
 * changed: pass a copy. Kinds must be those of storage.
 */
export class Objects {
  readonly #parts: Parts
  readonly #componentAnswers = new WebhookAnswers()
  readonly context: StrategyContext
  /** The resources of this cluster. */
  readonly kinds: Kinds

  constructor(parts: Parts) {
    this.#parts = parts
    const definitions = kindOf('customresourcedefinitions.apiextensions.k8s.io')
    const apiServices = kindOf('apiservices.apiregistration.k8s.io')
    this.kinds = new Kinds({
      get: (name) => this.get(definitions, '', name),
      list: () => this.list(definitions).entries,
      apiService: (name) => this.get(apiServices, '', name),
    })
    this.context = {
      world: parts.cluster.world,
      cluster: parts.cluster,
      get schema() {
        return parts.schema()
      },
      get authorization() {
        return parts.authorization()
      },
      kinds: this.kinds,
      list: (resource, namespace) =>
        this.list(this.kinds.of(resource), namespace).entries.map((entry) => entry.value as Obj),
      get: (resource, namespace, name) =>
        this.get(this.kinds.of(resource), namespace, name)?.value as Obj | undefined,
      setStatus: (resource, namespace, name, status) =>
        void this.update(
          this.kinds.of(resource),
          namespace,
          name,
          (current) => ({ ...(current as Obj), status }) as Obj,
          { subresource: 'status' },
        ),
    }
  }

  get #store() {
    return this.#parts.cluster.world.store
  }

  key(kind: Kind, namespace: string, name: string): string {
    return objectKey(this.#parts.cluster.uid, kind.group, kind.plural, kind.namespaced ? namespace : '', name)
  }

  prefix(kind: Kind, namespace?: string): string {
    const scope = kind.namespaced ? namespace : ''
    return resourcePrefix(this.#parts.cluster.uid, kind.group, kind.plural, scope)
  }

  get(kind: Kind, namespace: string, name: string): Entry | undefined {
    return this.#store.get(this.key(kind, namespace, name))
  }

  list(kind: Kind, namespace?: string, options?: ListOptions): Listing {
    return this.#store.list(this.prefix(kind, namespace || undefined), options)
  }

  /** How many objects there are, of one namespace when given. */
  count(kind: Kind, namespace?: string): number {
    return this.#store.count(this.prefix(kind, namespace || undefined))
  }

  /** Throws StatusError AlreadyExists, Invalid, Forbidden, …  */
  create(kind: Kind, namespace: string, object: Obj, options: WriteOptions = {}): Entry {
    const answers = options.answers ?? this.#answersFor(kind, namespace, object)
    const metadata = this.#newMetadata(kind, namespace, object.metadata ?? {})
    const { apiVersion: _, kind: __, metadata: ___, ...rest } = object
    const next: Obj = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata, ...rest }
    const model = modelOf(this.#parts.schema(), kind)
    const strategy = this.#strategy(kind)
    fillDefaults(this.#parts.schema(), kind, next)
    // As upstream: what admission and the strategy add belongs to nobody.
    options.manage?.(next, undefined)
    const admitted = { ...options, ...(answers && { answers }) }
    this.#admit('mutating', 'create', kind, namespace, next, undefined, admitted)
    if (model.fields.has('status') && hasStatus(kind)) next.status = undefined
    strategy.create?.(next, this.context, options.user)
    if (next.status === undefined) {
      // An empty status is what Go writes for a struct that is always present.
      if (model.fields.has('status') && hasStatus(kind) && !kind.custom)
        next.status = firstStatus(kind.group ? `${kind.plural}.${kind.group}` : kind.plural)
      else delete next.status
    }
    this.#validate(kind, next, undefined)
    this.#admit('validating', 'create', kind, namespace, next, undefined, admitted)
    const { name } = next.metadata
    const key = this.key(kind, namespace, name)
    if (options.dryRun) {
      if (this.#store.get(key)) throw alreadyExists(kind, name)
      return { key, value: next, createRevision: 0, modRevision: 0, version: 0 }
    }
    if (this.context.world.fairUse.full && !options.essential) throw storageFull()
    try {
      return this.#store.put(key, next as unknown, 0)
    } catch (error) {
      throw error instanceof ConflictError ? alreadyExists(kind, name) : error
    }
  }

  /**
   * Replaces an object by what `change` makes of a present one; `change` gives a fresh object, and is called again when somebody else wrote in between,
   * unless the object names a resourceVersion. Throws StatusError.
   */
  update(
    kind: Kind,
    namespace: string,
    name: string,
    change: (current: KubernetesObject) => Obj,
    options: WriteOptions = {},
  ): Entry {
    const entry = this.get(kind, namespace, name)
    if (!entry) throw notFound(kind, name)
    const current = objectOf(entry)
    const wanted = change(current)
    const version = wanted.metadata?.resourceVersion
    if (version && version !== '0' && version !== current.metadata.resourceVersion) {
      throw conflict(kind, name, MODIFIED)
    }
    const old = entry.value as Obj
    const next = this.#merge(kind, wanted, old, options)
    if (equal(next, old)) return entry
    const wants = !options.subresource || this.#strategy(kind).subresources?.[options.subresource]
    if (kind.generation && wants && !equal(wantedPart(kind, next), wantedPart(kind, old))) {
      next.metadata.generation = (old.metadata.generation ?? 0) + 1
    }
    if (options.dryRun) return { ...entry, value: next }
    if (this.#mayGo(kind, next)) {
      this.#store.delete(entry.key, entry.modRevision)
      return { ...entry, value: next }
    }
    return this.#store.put(entry.key, next as unknown, entry.modRevision)
  }

  /** Deletes or begins to. `gone` tells which. Throws StatusError. */
  delete(
    kind: Kind,
    namespace: string,
    name: string,
    request: DeleteRequest = {},
    options: WriteOptions = {},
  ): { entry: Entry; gone: boolean } {
    const entry = this.get(kind, namespace, name)
    if (!entry) throw notFound(kind, name)
    const old = entry.value as Obj
    for (const phase of PHASES) this.#admit(phase, 'delete', kind, namespace, old, old, options)
    const strategy = this.#strategy(kind)
    const next = deletionOf(kind, objectOf(entry), request, strategy, this.#parts.cluster.world.clock.now())
    const gone = !next || this.#mayGo(kind, next)
    if (options.dryRun) return { entry: next ? { ...entry, value: next } : entry, gone }
    if (gone) {
      this.#store.delete(entry.key, entry.modRevision)
      return { entry: next ? { ...entry, value: next } : entry, gone: true }
    }
    if (equal(next, old)) return { entry, gone: false }
    return { entry: this.#store.put(entry.key, next as unknown, entry.modRevision), gone: false }
  }

  /**
   * Shows a connection (exec, attach, port-forward, proxy) to admission; `connection` is its options. Throws StatusError.
   * Models apiserver/pkg/endpoints/handlers ConnectResource.
   */
  admitConnection(kind: Kind, namespace: string, name: string, connection: Obj, options: WriteOptions): void {
    const request = this.#request('connect', kind, namespace, connection, undefined, options)
    for (const plugin of this.#parts.admission.connect) plugin({ ...request, name }, this.context)
    request.answers.forget(request)
  }

  /** Whether a deleted object has nothing left that holds it. */
  #mayGo(kind: Kind, object: Obj): boolean {
    const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata
    if (!deletionTimestamp || (finalizers?.length ?? 0) > 0 || (deletionGracePeriodSeconds ?? 0) > 0)
      return false
    return !this.#strategy(kind).held?.(object)
  }

  #strategy(kind: Kind): Strategy {
    return this.#parts.strategies[kind.group ? `${kind.plural}.${kind.group}` : kind.plural] ?? {}
  }

  #newMetadata(kind: Kind, namespace: string, given: Obj): Obj {
    const { resourceVersion, uid: _, creationTimestamp: __, deletionTimestamp: ___, ...metadata } = given
    delete metadata.deletionGracePeriodSeconds
    delete metadata.selfLink
    delete metadata.generation
    if (resourceVersion && resourceVersion !== '0') {
      throw badRequest('resourceVersion should not be set on objects to be created')
    }
    const { ids, clock } = this.#parts.cluster.world
    const name =
      !metadata.name && metadata.generateName ? this.#generateName(kind, namespace, metadata) : metadata.name
    return {
      ...metadata,
      name,
      ...(kind.namespaced && { namespace }),
      uid: ids.uuid(),
      creationTimestamp: timestamp(clock.now()),
      ...(kind.generation && { generation: 1 }),
    }
  }

  /** The answers about something that a component of the cluster makes, told apart by what it is. */
  #answersFor(kind: Kind, namespace: string, object: Obj): WebhookAnswers | undefined {
    if (!areThereWebhooks(this.context)) return undefined
    const identity = `${kind.group}/${kind.plural}/${namespace}/${JSON.stringify(object)}`
    return this.#componentAnswers.about(identity, this.#parts.cluster.world.clock.now())
  }

  /** A name that is free; after eight taken ones the request fails (RetryGenerateName). */
  #generateName(kind: Kind, namespace: string, { generateName }: Obj): string {
    let name = ''
    for (let attempt = 0; attempt < GENERATE_ATTEMPTS; attempt++) {
      name = `${generateName.slice(0, GENERATE_LIMIT)}${this.#parts.cluster.world.ids.text(5, NAME_SUFFIX)}`
      if (!this.get(kind, namespace, name)) break
    }
    return name
  }

  /** The new object with what an update must not change taken from the old one, admitted and validated. */
  #merge(kind: Kind, wanted: Obj, old: Obj, options: WriteOptions): Obj {
    const { name, namespace = '' } = old.metadata
    if (wanted.metadata?.uid && wanted.metadata.uid !== old.metadata.uid) {
      throw conflict(
        kind,
        name,
        `Precondition failed: UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${old.metadata.uid}`,
      )
    }
    const metadata = keepMetadata(wanted.metadata ?? {}, old.metadata)
    if (options.subresource) return this.#mergeSubresource(kind, wanted, old, metadata, options)
    const { apiVersion: _, kind: __, metadata: ___, ...rest } = wanted
    const next: Obj = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata, ...rest }
    if (hasStatus(kind)) {
      if (old.status === undefined) delete next.status
      else next.status = old.status
    }
    fillDefaults(this.#parts.schema(), kind, next)
    this.#strategy(kind).update?.(next, old, this.context)
    options.manage?.(next, old)
    this.#admit('mutating', 'update', kind, namespace, next, old, options)
    this.#validate(kind, next, old)
    this.#admit('validating', 'update', kind, namespace, next, old, options)
    return next
  }

  #mergeSubresource(kind: Kind, wanted: Obj, old: Obj, metadata: Obj, options: WriteOptions): Obj {
    const next: Obj = { ...old, metadata }
    if (options.subresource === 'status') next.status = wanted.status ?? {}
    else Object.assign(next, wanted, { metadata })
    const { namespace = '' } = old.metadata
    const changesRefused = this.#strategy(kind).subresources?.[options.subresource!]
    if (changesRefused) fillDefaults(this.#parts.schema(), kind, next)
    options.manage?.(next, old)
    this.#admit('mutating', 'update', kind, namespace, next, old, options)
    const errors = metadataErrors(next.metadata, kind.names, kind.namespaced)
    if (changesRefused) {
      errors.push(
        ...validateModel(this.#parts.schema().model(kind.model), next),
        ...changesRefused(next, old),
      )
    }
    if (kind.custom) {
      kind.custom.default(next)
      errors.push(...kind.custom.validate(next, old))
    }
    if (errors.length > 0) throw invalid(kind, old.metadata.name, errors)
    this.#admit('validating', 'update', kind, namespace, next, old, options)
    return next
  }

  #admit(
    phase: 'mutating' | 'validating',
    operation: 'create' | 'update' | 'delete',
    kind: Kind,
    namespace: string,
    object: Obj,
    old: Obj | undefined,
    options: WriteOptions,
  ): void {
    const request = this.#request(operation, kind, namespace, object, old, options)
    for (const plugin of this.#parts.admission[phase]) plugin(request, this.context)
    if (phase === 'validating') request.answers.forget(request)
  }

  #request(
    operation: AdmissionRequest['operation'],
    kind: Kind,
    namespace: string,
    object: Obj,
    old: Obj | undefined,
    options: WriteOptions,
  ): AdmissionRequest & { answers: WebhookAnswers } {
    return {
      operation,
      kind,
      subresource: options.subresource ?? '',
      namespace,
      name: object.metadata?.name ?? '',
      object,
      old,
      user: options.user,
      dryRun: options.dryRun ?? false,
      answers: options.answers ?? this.#componentAnswers,
      warn: options.warn ?? (() => {}),
      annotate: options.annotate ?? (() => {}),
    }
  }

  #validate(kind: Kind, next: Obj, old: Obj | undefined): void {
    const strategy = this.#strategy(kind)
    const errors = [
      ...metadataErrors(next.metadata, kind.names, kind.namespaced),
      ...(old ? finalizerErrors(next.metadata, old.metadata) : []),
      ...(kind.custom
        ? kind.custom.validate(next, old)
        : validateModel(this.#parts.schema().model(kind.model), next)),
      ...(strategy.validate?.(next, old, this.context) ?? []),
    ]
    if (errors.length === 0) errors.push(...(strategy.allocate?.(next, old, this.context) ?? []))
    if (errors.length > 0) throw invalid(kind, next.metadata.name ?? '', errors)
  }
}

const hasStatus = (kind: Kind) => kind.subresources.some(({ name }) => name === 'status')

/** What `metadata.generation` counts the changes of: everything but metadata and status. */
function wantedPart(kind: Kind, object: Obj): Obj {
  const { metadata: _, status, ...rest } = object
  return kind.custom && !hasStatus(kind) ? { ...rest, status } : rest
}

/** Metadata of an update: what only the server writes stays as it was. */
function keepMetadata(wanted: Obj, old: Obj): Obj {
  const { resourceVersion: _, selfLink: __, ...metadata } = wanted
  const fixed = [
    'name',
    'namespace',
    'uid',
    'creationTimestamp',
    'generateName',
    'generation',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ]
  for (const key of fixed) {
    if (old[key] === undefined) delete metadata[key]
    else metadata[key] = old[key]
  }
  if (metadata.managedFields === undefined && old.managedFields) metadata.managedFields = old.managedFields
  for (const key of ['labels', 'annotations'] as const) {
    if (metadata[key] && Object.keys(metadata[key]).length === 0) delete metadata[key]
  }
  for (const key of ['finalizers', 'ownerReferences', 'managedFields'] as const) {
    if (metadata[key]?.length === 0) delete metadata[key]
  }
  return metadata
}
