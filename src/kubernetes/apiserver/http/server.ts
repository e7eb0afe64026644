import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { HttpHost } from '#network/hosts.ts'
import { StatusError } from '../../api.ts'
import type { AccessAttributes, UserInfo } from '../../provider.ts'
import { WebhookAnswers } from '../admission/webhooks/answers.ts'
import type { Authentication } from '../auth/authentication.ts'
import { type Authorization, refusal } from '../auth/authorization.ts'
import { impersonate } from '../auth/impersonation.ts'
import { qualified } from '../kinds/kind.ts'
import type { Objects } from '../storage/objects.ts'
import type { Call } from './call.ts'
import type { Metrics } from './metrics.ts'
import type { NonResources } from './nonresource.ts'
import { sendError, sendPlain, sendTooMany } from './reply.ts'
import { type RequestInfo, requestInfo } from './request-info.ts'
import type { Streams } from './streams.ts'
import type { Verbs } from './verbs.ts'

interface Parts {
  objects: Objects
  authentication: Authentication
  authorization: Authorization
  nonResources: NonResources
  verbs: Verbs
  streams: Streams
  metrics: Metrics
}

/** How long etcd's client tries again what found no server (clientv3/retry_interceptor.go: 100 times about 25 ms). */
const STORAGE_RETRY_MS = 2_500

/** Who made a request, why it was refused, what it is about, and what went wrong. */
interface Admitted {
  user: UserInfo
  refusal?: string
  call?: Call
  error?: unknown
}

/** The HTTPS face of a cluster: who asks, may they, what is it about; the answer comes from elsewhere. */
export class ApiHost implements HttpHost {
  readonly kind = 'http'
  readonly requestsClientCertificate = true
  readonly #parts: Parts
  /** What is known of a request: kept for whoever is told of its answer. */
  readonly #admitted = new WeakMap<IncomingMessage, Admitted>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  request(req: IncomingMessage, res: ServerResponse): void {
    this.#serve(req, res).catch((error) => {
      const admitted = this.#admitted.get(req)
      if (admitted) admitted.error = error
      sendError(req, res, error)
    })
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgrade(req, socket, head).catch((error) => this.#parts.streams.refuse(socket, error))
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const auditId = this.#parts.objects.context.world.ids.uuid()
    res.setHeader('audit-id', auditId)
    this.#tell(req, res, auditId)
    const { info, user } = await this.#admit(req)
    const { metrics, objects } = this.#parts
    res.once('finish', () => metrics.count(info, objects.kinds, res.statusCode))
    if (!objects.context.world.fairUse.call()) return sendTooMany(res)
    if (info.path === '/metrics') return sendPlain(res, 200, metrics.text())
    if (!info.isResource) return this.#parts.nonResources.serve(req, res, info)
    await this.#requireStorage()
    const call = this.#call(req, res, info, user)
    if (!call) return sendPlain(res, 404, '404 page not found\n')
    const admitted = this.#admitted.get(req)
    if (admitted) admitted.call = call
    await this.#parts.verbs.serveAdmitted(call)
  }

  async #upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { info, user } = await this.#admit(req)
    await this.#requireStorage()
    const call = info.isResource ? this.#call(req, undefined as never, info, user) : undefined
    if (!call) throw new StatusError(404, 'NotFound', 'the server could not find the requested resource', {})
    await this.#parts.streams.upgrade(call, socket, head)
  }

  /** Tells whoever keeps an audit log of the request, once its answer is sent; a watch when it ends. */
  #tell(req: IncomingMessage, res: ServerResponse, auditId: string): void {
    const { cluster, world } = this.#parts.objects.context
    const { onAnswer } = cluster
    if (!onAnswer) return
    const receivedAt = world.clock.now()
    res.once('finish', () => {
      const { user, refusal, call, error } = this.#admitted.get(req) ?? {}
      const uri = req.url ?? '/'
      const info = requestInfo(req.method ?? 'GET', uri)
      onAnswer({
        auditId,
        uri,
        verb: info.verb,
        ...(user && { user }),
        sourceIp: req.socket.remoteAddress ?? '127.0.0.1',
        userAgent: req.headers['user-agent'] ?? '',
        ...(info.isResource && { object: { ...info, name: call?.named ?? info.name } }),
        code: res.statusCode,
        ...(refusal && { refusal }),
        annotations: Object.fromEntries(call?.annotations ?? []),
        ...(error instanceof Error && {
          error: {
            reason: (error instanceof StatusError && error.reason) || String(res.statusCode),
            message: error.message,
          },
        }),
        receivedAt,
      })
    })
  }

  /** Throws what etcd's client gives up with after its retries, when the store is away. */
  async #requireStorage(): Promise<void> {
    const { cluster, world } = this.#parts.objects.context
    if (!cluster.storageTrouble?.()) return
    await world.clock.sleep(STORAGE_RETRY_MS)
    const trouble = cluster.storageTrouble()
    if (trouble) throw new StatusError(500, '', trouble)
  }

  /** Authentication, impersonation, authorization. Throws Unauthorized or Forbidden. */
  async #admit(req: IncomingMessage): Promise<{ info: RequestInfo; user: UserInfo }> {
    const info = requestInfo(req.method ?? 'GET', req.url ?? '/')
    const authenticated = await this.#parts.authentication.authenticate(req)
    const user = impersonate(req.headers, authenticated, this.#parts.authorization)
    const attributes = attributesOf(info, user)
    const { allowed, reason } = this.#parts.authorization.authorize(attributes)
    if (this.#parts.objects.context.cluster.onAnswer)
      this.#admitted.set(req, { user, ...(!allowed && { refusal: reason }) })
    if (!allowed) throw forbiddenRequest(attributes, reason)
    return { info, user }
  }

  #call(req: IncomingMessage, res: ServerResponse, info: RequestInfo, user: UserInfo): Call | undefined {
    const kind = this.#parts.objects.kinds.at(info.group, info.version, info.resource)
    if (!kind) return undefined
    const subresource = kind.subresources.find(({ name }) => name === info.subresource)
    if (info.subresource && !subresource) return undefined
    // A cluster-scoped resource has no place under a namespace; a namespace's own path names it twice.
    if (!kind.namespaced && info.namespace && kind.plural !== 'namespaces') return undefined
    const scoped = kind.namespaced ? info : { ...info, namespace: '' }
    return {
      req,
      res,
      info: scoped,
      user,
      kind,
      stored: this.#parts.objects.kinds.storage(kind),
      subresource,
      answers: new WebhookAnswers(),
      annotations: new Map(),
    }
  }
}

const attributesOf = (info: RequestInfo, user: UserInfo): AccessAttributes => ({
  user,
  verb: info.verb,
  group: info.group,
  version: info.version,
  resource: info.resource,
  subresource: info.subresource,
  namespace: info.namespace,
  name: info.name,
  ...(!info.isResource && { path: info.path }),
  ...(info.query.get('fieldSelector') && { fieldSelector: info.query.get('fieldSelector')! }),
})

/** Models apiserver/pkg/endpoints/handlers/responsewriters.ErrForbidden. */
export function forbiddenRequest(attributes: AccessAttributes, reason: string): StatusError {
  const text = refusal(attributes, reason)
  if (attributes.path !== undefined) return new StatusError(403, 'Forbidden', `forbidden: ${text}`, {})
  const { group, resource, name } = attributes
  const what = qualified({ group, plural: resource })
  const named = name ? `${what} "${name}"` : what
  return new StatusError(403, 'Forbidden', `${named} is forbidden: ${text}`, {
    ...(name && { name }),
    ...(group && { group }),
    kind: resource,
  })
}
