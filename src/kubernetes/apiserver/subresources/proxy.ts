import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { StatusError } from '../../api.ts'
import { notFound, notImplemented } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { admitConnection } from '../http/connect.ts'
import { asStatusError } from '../http/reply.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'

/** Headers of one connection alone (RFC 9110, 7.6.1), and what the API server takes for itself. */
const DROPPED = new Set([
  'authorization',
  'connection',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** `scheme:name:port`, each but the name optional. */
function target(text: string): { scheme: string; name: string; port: string } {
  const parts = text.split(':')
  if (parts.length === 1) return { scheme: '', name: parts[0]!, port: '' }
  if (parts.length === 2) return { scheme: '', name: parts[0]!, port: parts[1]! }
  return { scheme: parts[0]!, name: parts[1]!, port: parts[2]! }
}

/** `pods/proxy` and `services/proxy`: passes a request on to a port of a pod, over HTTP. Throws StatusError. */
export async function proxy(call: Call, parts: SubresourceParts): Promise<void> {
  const { info, kind, req, res } = call
  await admitConnection(call, parts.objects)
  const { scheme, name, port } = target(info.name)
  if (scheme === 'https') throw notImplemented('a proxied connection by https')
  const open = kind.plural === 'services' ? servicePod : kind.plural === 'pods' ? podOf : undefined
  if (!open) throw notImplemented(`the subresource ${kind.plural}/proxy`)
  const { pod, number } = open(parts.objects, info.namespace, name, port)
  const start = info.path.indexOf('/proxy', info.path.indexOf(`/${kind.plural}/`))
  const rest = info.path.slice(start + '/proxy'.length)
  // Relative links of a page need the slash.
  if (rest === '') return void res.writeHead(301, { location: `${info.path}/` }).end()
  const socket = await parts.kubelet
    .get()
    .portForward(info.namespace, pod, number)
    .catch((error: unknown) => {
      throw unavailable(`error trying to reach service: ${asStatusError(error).message}`)
    })
  const query = info.query.size > 0 ? `?${info.query}` : ''
  const answer = await forward(req, socket, `${rest}${query}`, `${name}:${number}`)
  const headers = Object.entries(answer.headers).filter(([header]) => !DROPPED.has(header))
  res.writeHead(answer.statusCode!, Object.fromEntries(headers) as Record<string, string>)
  answer.pipe(res)
  answer.on('error', () => res.destroy())
  res.on('close', () => socket.destroy())
}

const unavailable = (message: string) => new StatusError(503, 'ServiceUnavailable', message)

function forward(req: IncomingMessage, socket: Duplex, path: string, host: string): Promise<IncomingMessage> {
  const headers = Object.fromEntries(Object.entries(req.headers).filter(([header]) => !DROPPED.has(header)))
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      method: req.method,
      path,
      headers: { ...headers, host },
      createConnection: () => socket as never,
    })
    outgoing.on('response', resolve)
    outgoing.on('error', (error) => reject(unavailable(`error trying to reach service: ${error.message}`)))
    req.pipe(outgoing)
  })
}

/** A pod and its port; its first one when none is asked for, else 80. */
function podOf(objects: Objects, namespace: string, name: string, port: string) {
  const kind = kindOf('pods')
  const pod = objects.get(kind, namespace, name)?.value as Obj | undefined
  if (!pod) throw notFound(kind, name)
  const ports: Obj[] = pod.spec.containers.flatMap((container: Obj) => container.ports ?? [])
  const named = ports.find((candidate) => candidate.name === port)?.containerPort
  return { pod: name, number: Number(named ?? (port || (ports[0]?.containerPort ?? 80))) }
}

/** A ready pod behind a Service's port. */
function servicePod(objects: Objects, namespace: string, name: string, port: string) {
  const kind = kindOf('services')
  const service = objects.get(kind, namespace, name)?.value as Obj | undefined
  if (!service) throw notFound(kind, name)
  const ports: Obj[] = service.spec.ports ?? []
  const wanted = port
    ? ports.find((candidate) => candidate.name === port || String(candidate.port) === port)
    : ports.length === 1
      ? ports[0]
      : undefined
  const none = unavailable(`no endpoints available for service ${JSON.stringify(name)}`)
  if (!wanted)
    throw port
      ? unavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`)
      : none
  const { context } = objects
  const ready = context
    .list('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap(({ endpoints = [], ports: open = [] }) => {
      const number = open.find((candidate: Obj) => (candidate.name ?? '') === (wanted.name ?? ''))?.port
      return endpoints
        .filter(({ conditions, targetRef }: Obj) => conditions?.ready !== false && targetRef?.kind === 'Pod')
        .map(({ targetRef }: Obj) => ({ pod: targetRef.name as string, number: number as number }))
    })
  if (ready.length === 0) throw none
  return ready[context.world.ids.number(ready.length)]!
}
