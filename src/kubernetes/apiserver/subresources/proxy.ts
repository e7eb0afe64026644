import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ConnectError, dialText, type Peer } from '#network/virtual-network.ts'
import { StatusError } from '../../api.ts'
import { notFound, notImplemented } from '../errors.ts'
import type { Call } from '../http/call.ts'
import { admitConnection } from '../http/connect.ts'
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

/** `pods/proxy`, `services/proxy`, `nodes/proxy`: passes a request on to a port, over HTTP; to a kubelet as the API server. Throws StatusError. */
export async function proxy(call: Call, parts: SubresourceParts): Promise<void> {
  const { info, kind, req, res } = call
  await admitConnection(call, parts.objects)
  const { scheme, name, port } = target(info.name)
  const start = info.path.indexOf('/proxy', info.path.indexOf(`/${kind.plural}/`))
  const rest = info.path.slice(start + '/proxy'.length)
  const query = info.query.size > 0 ? `?${info.query}` : ''
  const address = kind.plural === 'nodes' ? nodeAddress(parts.objects, name) : ''
  // Relative links of a page need the slash.
  if (rest === '' && (req.method === 'GET' || req.method === 'HEAD'))
    return void res.writeHead(301, { location: `${info.path}/${query}` }).end()
  if (address && (port === '' || port === KUBELET_PORT))
    return parts.kubelet.get().serve(name, req, res, `${rest}${query}`)
  if (scheme === 'https') throw notImplemented('a proxied connection by https')
  const to = address ? { address, port: Number(port) } : podPeer(call, parts.objects, name, port)
  const socket = dial(parts.objects, to)
  const answer = await forward(req, socket, `${rest}${query}`, `${address || name}:${to.port}`)
  const headers = Object.entries(answer.headers).filter(([header]) => !DROPPED.has(header))
  res.writeHead(answer.statusCode!, Object.fromEntries(headers) as Record<string, string>)
  answer.pipe(res)
  answer.on('error', () => res.destroy())
  res.on('close', () => socket.destroy())
}

/** Where every kubelet of ours listens. */
const KUBELET_PORT = '10250'

/** The InternalIP of a node. */
function nodeAddress(objects: Objects, name: string): string {
  const kind = kindOf('nodes')
  const node = objects.get(kind, '', name)?.value as Obj | undefined
  if (!node) throw notFound(kind, name)
  const own = node.status?.addresses?.find(({ type }: Obj) => type === 'InternalIP')?.address
  if (!own) throw new StatusError(500, '', 'no preferred addresses found; known addresses: []')
  return own
}

/** The API server connects as if it were beside the pod: no policy of the cluster keeps it out. */
function dial(objects: Objects, to: Peer): Duplex {
  try {
    return objects.context.cluster.network.connect(to, { address: '127.0.0.1', port: 0 })
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    throw unavailable(`error trying to reach service: ${dialText(error)}`)
  }
}

/** Where a pod listens, or one behind a Service. */
function podPeer({ info, kind }: Call, objects: Objects, name: string, port: string): Peer {
  const open = kind.plural === 'services' ? servicePod : podOf
  const { pod, number } = open(objects, info.namespace, name, port)
  const address = (objects.get(kindOf('pods'), info.namespace, pod)?.value as Obj | undefined)?.status?.podIP
  if (!address) throw new StatusError(400, 'BadRequest', 'address not allowed')
  return { address, port: number }
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
