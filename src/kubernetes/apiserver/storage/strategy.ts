import type { World } from '#world/world.ts'
import type { ClusterOptions, UserInfo } from '../../provider.ts'
import type { WebhookAnswers } from '../admission/webhooks/answers.ts'
import type { Authorization } from '../auth/authorization.ts'
import type { FieldError } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Kinds } from '../kinds/kinds.ts'
import type { Schema } from '../schema/schema.ts'

/** What behaviour of a kind may use. */
export interface StrategyContext {
  world: World
  cluster: ClusterOptions
  schema: Schema
  authorization: Authorization
  kinds: Kinds
  /** The stored objects of a resource, in one namespace when given. Not to be changed. */
  list(resource: string, namespace?: string): Obj[]
  get(resource: string, namespace: string, name: string): Obj | undefined
  /** Writes the status of an object that is there. */
  setStatus(resource: string, namespace: string, name: string, status: Obj): void
}

/** Where a kind differs from the others. Objects passed first are fresh copies and may be changed; `old` may not. */
export interface Strategy {
  /** Sets what clients may not set, before validation. */
  create?(object: Obj, context: StrategyContext, user: UserInfo | undefined): void
  update?(object: Obj, old: Obj, context: StrategyContext): void
  validate?(object: Obj, old: Obj | undefined, context: StrategyContext): FieldError[]
  /** Takes addresses and ports, after validation. Gives errors when there are none left. */
  allocate?(object: Obj, old: Obj | undefined, context: StrategyContext): FieldError[]
  /** How long deletion waits; `requested` is the client's wish. */
  graceSeconds?(object: Obj, requested: number | undefined): number
  /** Whether something beside `metadata.finalizers` holds back a deleted object. */
  held?(object: Obj): boolean
  /** Further changes when deletion begins. */
  markDeleted?(object: Obj): void
  /** Subresources that change the wanted state: which changes each of them refuses. */
  subresources?: Record<string, (object: Obj, old: Obj) => FieldError[]>
}

/**
 * Something that looks at every write, and may refuse it by throwing StatusError: mutating ones before validation, when they may
 * change `object`, validating ones after it.
 */
export type AdmissionPlugin = (request: AdmissionRequest, context: StrategyContext) => void

export interface AdmissionRequest {
  /** `connect`: exec, attach, port-forward, proxy; `object` is then the options of the connection. */
  operation: 'create' | 'update' | 'delete' | 'connect'
  kind: Kind
  subresource: string
  namespace: string
  name: string
  /** The new object; for a delete the present one, which must not be changed. */
  object: Obj
  old: Obj | undefined
  user: UserInfo | undefined
  dryRun: boolean
  /** What webhooks have said about this request so far. */
  answers: WebhookAnswers | undefined
  /** Tells the client something beside the answer. */
  warn(text: string): void
  /** Tells the audit log something beside the request. */
  annotate(key: string, value: string): void
}
