import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { text } from 'node:stream/consumers'
import { readContent } from '#containers/files/nodes.ts'
import { resolvePath } from '#containers/files/tree.ts'
import { StatusError } from '../../api.ts'
import type { Pod } from '../../objects.ts'
import { timestamp } from '../../time.ts'
import { configz } from './configz.ts'
import { cadvisorFamilies, kubeletFamilies, resourceFamilies } from './node-metrics.ts'
import { prometheusText } from './prometheus.ts'
import type { ServedNode } from './served-node.ts'
import { runningPods, summary } from './summary.ts'

/** A request to a kubelet, and how to answer it. */
interface Call {
  node: ServedNode
  req: IncomingMessage
  res: ServerResponse
  /** Decoded parts of the path after its first. */
  rest: string[]
  path: string
  query: URLSearchParams
}

type Handler = (call: Call) => void | Promise<void>

const JSON_TYPE = 'application/json'
const TEXT = 'text/plain; charset=utf-8'

function send(res: ServerResponse, code: number, body: string | Uint8Array, type = TEXT): void {
  res.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}

const notFound = (res: ServerResponse) => send(res, 404, '404 page not found\n')

/** What has no model says so, naming itself. */
const unmodelled = (res: ServerResponse, what: string) =>
  send(res, 501, `drydock: ${what} of the kubelet is not simulated\n`)

const readsOnly =
  (handler: Handler): Handler =>
  (call) => {
    if (call.req.method === 'GET' || call.req.method === 'HEAD') return handler(call)
    call.res.setHeader('allow', 'GET')
    send(call.res, 405, '405: Method Not Allowed')
  }

/** Checks of `/healthz`, in order. */
const CHECKS = ['ping', 'log', 'syncloop']

const healthz: Handler = ({ res, rest, query }) => {
  const [name] = rest
  if (name !== undefined && !CHECKS.includes(name)) return notFound(res)
  if (name !== undefined || !query.has('verbose')) return send(res, 200, 'ok')
  send(res, 200, `${CHECKS.map((check) => `[+]${check} ok\n`).join('')}healthz check passed\n`)
}

const podList = (items: object[]) =>
  `${JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items })}\n`

const pods: Handler = ({ node, res }) => {
  const items = node.pods.map((pod) => {
    const source = pod.metadata.annotations?.['kubernetes.io/config.mirror'] === undefined ? 'api' : 'file'
    const seen = timestamp(node.workerOf(pod)?.createdAt ?? node.record.upSince)
    const annotations = {
      ...pod.metadata.annotations,
      'kubernetes.io/config.seen': seen,
      'kubernetes.io/config.source': source,
    }
    const { apiVersion: _, kind: __, ...rest } = pod
    return { ...rest, metadata: { ...pod.metadata, annotations } }
  })
  send(res, 200, podList(items), JSON_TYPE)
}

/** As the container runtime knows them. */
const running: Handler = ({ node, res }) => {
  const items = runningPods(node).map(({ pod, containers }) => ({
    metadata: { name: pod.metadata.name, namespace: pod.metadata.namespace, uid: pod.metadata.uid },
    spec: {
      containers: containers.map(({ name, worker }) => ({
        name,
        image: worker.image?.image.id,
        resources: {},
      })),
    },
    status: {},
  }))
  send(res, 200, podList(items), JSON_TYPE)
}

const stats: Handler = ({ node, res, rest, query }) => {
  if (rest.join('/') !== 'summary') return notFound(res)
  const part = query.get('only_cpu_and_memory') === 'true'
  send(res, 200, JSON.stringify(summary(node, part), null, 1), JSON_TYPE)
}

const METRICS = { '': kubeletFamilies, cadvisor: cadvisorFamilies, resource: resourceFamilies }

const metrics: Handler = ({ node, res, rest }) => {
  const name = rest.join('/')
  if (name === 'probes' || name === 'slis') return unmodelled(res, `/metrics/${name}`)
  if (!(name in METRICS)) return notFound(res)
  const families = METRICS[name as keyof typeof METRICS](node)
  send(res, 200, prometheusText(families), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores')
}

const podNamed = (node: ServedNode, namespace: string, name: string): Pod | undefined =>
  node.pods.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)

const containerLogs: Handler = async ({ node, res, rest, query }) => {
  const [namespace = '', name = '', container = ''] = rest
  if (rest.length !== 3) return notFound(res)
  const pod = podNamed(node, namespace, name)
  if (!pod) return send(res, 404, `pod ${JSON.stringify(name)} does not exist`)
  const { containers, initContainers = [], ephemeralContainers = [] } = pod.spec
  if (![...containers, ...initContainers, ...ephemeralContainers].some((each) => each.name === container))
    return send(res, 404, `container ${JSON.stringify(container)} not found in pod ${JSON.stringify(name)}`)
  const tail = query.get('tail') ?? query.get('tailLines')
  const since = query.get('sinceSeconds')
  const limit = query.get('limitBytes')
  const flag = (option: string) => query.get(option) === 'true' || query.get(option) === '1'
  const stream = await node.logs(pod, {
    container,
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    ...(tail !== null && tail !== 'all' && { tailLines: Number(tail) }),
    ...(since !== null && { sinceSeconds: Number(since) }),
    ...(limit !== null && { limitBytes: Number(limit) }),
  })
  res.writeHead(200, { 'content-type': TEXT })
  res.flushHeaders()
  pipeline(stream, res, () => stream.destroy())
}

/** `/run/namespace/pod/[uid/]container?cmd=…`: a command's output, without a terminal. */
const run: Handler = async ({ node, req, res, rest, query }) => {
  if (req.method !== 'POST') return send(res, 405, '405: Method Not Allowed')
  if (rest.length !== 3 && rest.length !== 4) return notFound(res)
  const [namespace = '', name = ''] = rest
  const pod = podNamed(node, namespace, name)
  if (!pod) return send(res, 404, 'pod does not exist')
  const process = await node.exec(pod, rest.at(-1)!, (query.get('cmd') ?? '').split(' '))
  process.stdin.end()
  const [output, errors, { exitCode }] = await Promise.all([
    text(process.stdout),
    text(process.stderr),
    process.exited,
  ])
  if (exitCode !== 0)
    return send(res, 500, `command '${query.get('cmd')}' exited with ${exitCode}: ${errors}`)
  send(res, 200, output + errors, JSON_TYPE)
}

/** A folder of the node's `/var/log` as a page of links, or one of its files. Models Go's `http.FileServer`. */
const logs: Handler = async ({ node, res, rest, path }) => {
  const place = resolvePath('/var/log', rest.join('/'))
  const found = node.files.find(place)
  if (!found || (place !== '/var/log' && !place.startsWith('/var/log/'))) return notFound(res)
  if (found.kind === 'file') return send(res, 200, await readContent(found.content))
  if (found.kind !== 'directory') return notFound(res)
  if (!path.endsWith('/')) return void res.writeHead(301, { location: `${path.split('/').at(-1)}/` }).end()
  const links = [...found.children]
    .map(([name, child]) => (child.kind === 'directory' ? `${name}/` : name))
    .sort()
    .map((name) => `<a href="${encodeURI(name)}">${name}</a>\n`)
  const head = '<!doctype html>\n<meta name="viewport" content="width=device-width">\n'
  send(res, 200, `${head}<pre>\n${links.join('')}</pre>\n`, 'text/html; charset=utf-8')
}

const streams =
  (what: string): Handler =>
  ({ res }) =>
    unmodelled(res, `/${what} (a stream)`)

const HANDLERS: Readonly<Record<string, Handler>> = {
  healthz,
  pods: readsOnly(pods),
  runningpods: readsOnly(running),
  stats: readsOnly(stats),
  metrics: readsOnly(metrics),
  configz: ({ node, res }) => send(res, 200, JSON.stringify(configz(node.configuration)), JSON_TYPE),
  containerLogs: readsOnly(containerLogs),
  logs: readsOnly(logs),
  run,
  exec: streams('exec'),
  attach: streams('attach'),
  portForward: streams('portForward'),
  debug: ({ res }) => unmodelled(res, '/debug'),
  checkpoint: ({ res }) => unmodelled(res, '/checkpoint'),
}

/** Answers a request to the HTTPS port of a kubelet whose sender may make it. `target` is its path and query. Models pkg/kubelet/server. */
export async function serveKubelet(
  node: ServedNode,
  req: IncomingMessage,
  res: ServerResponse,
  target: string,
): Promise<void> {
  const url = new URL(target, 'https://kubelet')
  const [first = '', ...rest] = url.pathname.split('/').slice(1).map(decodeURIComponent)
  if (rest.at(-1) === '') rest.pop()
  const handler = Object.hasOwn(HANDLERS, first) ? HANDLERS[first] : undefined
  if (!handler) return notFound(res)
  try {
    await handler({ node, req, res, rest, path: url.pathname, query: url.searchParams })
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    send(res, error.code === 400 ? 400 : 500, error.message)
  }
}

/** The subresources of the node by any of which a request is allowed. Models pkg/kubelet/server/auth.go with KubeletFineGrainedAuthz. */
export function kubeletSubresources(path: string): string[] {
  const [first = ''] = path.slice(1).split('/')
  switch (first) {
    case 'stats':
    case 'metrics':
    case 'checkpoint':
      return [first]
    case 'logs':
      return ['log']
    case 'healthz':
    case 'configz':
    case 'pods':
      return [first, 'proxy']
    case 'runningpods':
      return ['pods', 'proxy']
    default:
      return ['proxy']
  }
}
