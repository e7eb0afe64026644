import { StatusError } from '../../api.ts'
import { timestamp } from '../../time.ts'
import type { Authentication } from '../auth/authentication.ts'
import type { Authorization } from '../auth/authorization.ts'
import { REVIEWS } from '../auth/reviews.ts'
import type { ServiceAccountTokens } from '../auth/service-account-tokens.ts'
import { methodNotAllowed, notFound, notImplemented } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import { METRICS_GROUP } from '../kinds/aggregated.ts'
import { apiVersionOf, qualified } from '../kinds/kind.ts'
import type { KubeletHolder } from '../kubelet-holder.ts'
import { objectOf, textOf } from '../storage/entries.ts'
import type { Objects } from '../storage/objects.ts'
import { withEphemeralContainers } from '../strategies/ephemeral-containers.ts'
import { withResources } from '../strategies/pod-resize.ts'
import { bindCall } from '../subresources/binding.ts'
import { serveComponentStatuses } from '../subresources/component-status.ts'
import { evict } from '../subresources/eviction.ts'
import { log } from '../subresources/log.ts'
import { serveMetrics } from '../subresources/metrics.ts'
import { proxy } from '../subresources/proxy.ts'
import { scale } from '../subresources/scale.ts'
import { issueToken } from '../subresources/token.ts'
import { readNeeded } from './body.ts'
import type { Call } from './call.ts'
import { writeOptions } from './manager.ts'
import { writeQuery } from './options.ts'
import { patchCall } from './patch.ts'
import { sendJson, sendText } from './reply.ts'
import { requireOtherThanTable } from './representation.ts'
import { decodeBody } from './verbs.ts'

export interface SubresourceParts {
  objects: Objects
  authentication: Authentication
  authorization: Authorization
  tokens: ServiceAccountTokens
  kubelet: KubeletHolder
}

type Handler = (call: Call, parts: SubresourceParts) => Promise<void>

/** What a request to a part of an object changes in it; `now` is the world's time. */
type Part = (wanted: Obj, current: Obj, now: string) => Obj

/** Subresources that are a part of their object, written by themselves: the fields that they may change. */
const PARTS: Record<string, Part> = {
  'namespaces/finalize': (wanted, current) => ({ ...current, metadata: wanted.metadata, spec: wanted.spec }),
  'certificatesigningrequests.certificates.k8s.io/approval': (wanted, current, now) => ({
    ...current,
    metadata: wanted.metadata,
    status: {
      ...current.status,
      conditions: wanted.status?.conditions?.map((condition: Obj) => ({
        ...condition,
        lastUpdateTime: condition.lastUpdateTime ?? now,
        lastTransitionTime: condition.lastTransitionTime ?? now,
      })),
    },
  }),
  'pods/ephemeralcontainers': withEphemeralContainers,
  'pods/resize': withResources,
}

const HANDLERS: Record<string, Handler> = {
  scale,
  binding: bindCall,
  eviction: evict,
  log,
  proxy,
  token: issueToken,
}

/** What stands behind an object's name: `/scale`, `/log`, …; and kinds that are answered and not stored. */
export class Subresources {
  readonly #parts: SubresourceParts

  constructor(parts: SubresourceParts) {
    this.#parts = parts
  }

  async serve(call: Call): Promise<void> {
    const name = call.subresource!.name
    const part = PARTS[`${qualified(call.kind)}/${name}`]
    if (part) return this.#write(call, part)
    const handler = HANDLERS[name]
    if (handler) return handler(call, this.#parts)
    if (name === 'exec' || name === 'attach' || name === 'portforward') {
      throw new StatusError(400, 'BadRequest', 'Upgrade request required')
    }
    throw notImplemented(`the subresource ${call.kind.plural}/${name}`)
  }

  /** Reviews and other kinds that are computed. */
  async serveVirtual(call: Call): Promise<void> {
    const { kind, info, req, res } = call
    if (kind.group === METRICS_GROUP) return serveMetrics(call, this.#parts)
    if (kind.plural === 'bindings') return bindCall(call, this.#parts)
    if (kind.plural === 'componentstatuses') {
      const { componentHealth } = this.#parts.objects.context.cluster
      return serveComponentStatuses(call, componentHealth?.())
    }
    const review = REVIEWS[kind.kind]
    const now = timestamp(this.#parts.objects.context.world.clock.now())
    if (info.verb !== 'create' || !review) throw info.name ? notFound(kind, info.name) : methodNotAllowed()
    requireOtherThanTable(req)
    const body = await readNeeded(req, this.#parts.objects.context.schema)
    const object = decodeBody(this.#parts.objects, call, body)
    const status = await review({ ...object, spec: object.spec ?? {} }, call, this.#parts)
    sendJson(req, res, 201, {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind),
      metadata: kind.kind === 'SelfSubjectReview' ? { creationTimestamp: now } : (object.metadata ?? {}),
      ...(object.spec && { spec: object.spec }),
      status,
    })
  }

  async #write(call: Call, part: Part): Promise<void> {
    const { objects } = this.#parts
    const { info, kind, req, res } = call
    const decode = (object: Obj) => decodeBody(objects, call, object)
    const now = timestamp(objects.context.world.clock.now())
    if (info.verb === 'get') {
      const entry = objects.get(kind, info.namespace, info.name)
      if (!entry) throw notFound(kind, info.name)
      return sendText(req, res, 200, textOf(kind, entry))
    }
    if (info.verb === 'patch') {
      const current = objects.get(kind, info.namespace, info.name)
      const { entry } = await patchCall(call, objects, (object) =>
        part(decode(object), current ? objectOf<never>(current) : {}, now),
      )
      await objects.context.world.store.flushed()
      return sendText(req, res, 200, textOf(kind, entry))
    }
    const query = writeQuery(info.query, 'UpdateOptions')
    const wanted = decode(await readNeeded(req, objects.context.schema))
    const change = (current: Json) => {
      const next = part(wanted, current, now)
      return { ...next, metadata: { ...next.metadata, resourceVersion: wanted.metadata?.resourceVersion } }
    }
    const options = { ...writeOptions(call, objects, query), subresource: call.subresource!.name }
    const entry = objects.update(kind, info.namespace, info.name, change, options)
    await objects.context.world.store.flushed()
    sendText(req, res, 200, textOf(kind, entry))
  }
}
