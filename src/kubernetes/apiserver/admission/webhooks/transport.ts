import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect as tlsConnect } from 'node:tls'
import { ConnectError } from '#network/virtual-network.ts'
import { isObject, type Json, type Obj } from '../../json.ts'
import type { StrategyContext } from '../../storage/strategy.ts'

/** Longest answer of a webhook that is read, bytes. */
const LONGEST_ANSWER = 3 * 1024 * 1024

interface Target {
  /** `https://name.namespace.svc:443/path` */
  url: URL
  /** Where it is in the world's network. Throws when nowhere. */
  locate(): { address: string; port: number }
}

function targetOf({ service, url }: Obj, context: StrategyContext): Target {
  if (!service) {
    const parsed = new URL(url)
    const host = parsed.hostname.replace(/^\[|\]$/g, '')
    const locate = () => {
      const address = isIP(host) ? host : context.cluster.upstreamDns?.(host)
      if (!address) throw new Error(`dial tcp: lookup ${host}: no such host`)
      return { address, port: Number(parsed.port || 443) }
    }
    return { url: parsed, locate }
  }
  const { name, namespace, port = 443, path = '' } = service
  return {
    url: new URL(
      `https://${name}.${namespace}.svc:${port}${path.startsWith('/') || !path ? path : `/${path}`}`,
    ),
    locate: () => endpointOf(name, namespace, port, context),
  }
}

/** One of the addresses behind a Service's port. Models kube-aggregator's endpoint resolver. */
function endpointOf(name: string, namespace: string, port: number, context: StrategyContext) {
  const service = context.get('services', namespace, name)
  if (!service) throw new Error(`service ${JSON.stringify(name)} not found`)
  const wanted = service.spec.ports?.find((candidate: Obj) => candidate.port === port)
  if (!wanted) throw new Error(`no service port ${port} found for service ${JSON.stringify(name)}`)
  const ready = context
    .list('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
    .flatMap(({ endpoints = [], ports = [] }) => {
      const number = ports.find((candidate: Obj) => (candidate.name ?? '') === (wanted.name ?? ''))?.port
      return (endpoints as Obj[])
        .filter(({ conditions }) => conditions?.ready !== false)
        .map(({ addresses }) => ({ address: addresses[0] as string, port: number as number }))
    })
  if (ready.length === 0) throw new Error(`no endpoints available for service ${JSON.stringify(name)}`)
  return ready[context.world.ids.number(ready.length)]!
}

/** Posts JSON to a webhook and gives what it answers. Throws an Error with what Go's client says. */
export async function post(webhook: Obj, body: Obj, context: StrategyContext): Promise<Obj> {
  const { clientConfig, timeoutSeconds = 10 } = webhook
  const target = targetOf(clientConfig, context)
  target.url.searchParams.set('timeout', `${timeoutSeconds}s`)
  const failed = (why: string) =>
    new Error(`Post ${JSON.stringify(withPort(target.url, clientConfig))}: ${why}`)
  let socket: Duplex
  let at = ''
  try {
    const { address, port } = target.locate()
    at = `${address}:${port}`
    const [from] = context.cluster.controlPlaneAddresses ?? []
    socket = context.cluster.network.connect(
      { address, port },
      from ? { address: from, port: 34567 } : undefined,
    )
  } catch (error) {
    if (!(error instanceof ConnectError)) throw failed((error as Error).message)
    const why =
      error.code === 'ECONNREFUSED'
        ? 'connection refused'
        : error.code === 'ETIMEDOUT'
          ? 'i/o timeout'
          : 'no route to host'
    throw failed(`dial tcp ${at}: connect: ${why}`)
  }
  let timedOut = false
  const timer = context.world.clock.setTimer(timeoutSeconds * 1000, () => {
    timedOut = true
    socket.destroy()
  })
  try {
    return await exchange(target.url, socket, clientConfig, JSON.stringify(body))
  } catch (error) {
    if (error instanceof AnswerError) throw error
    throw failed(timedOut ? 'context deadline exceeded' : reasonOf(error as NodeJS.ErrnoException, at))
  } finally {
    timer.cancel()
    socket.destroy()
  }
}

/** URL leaves out the port of https, which upstream shows. */
const withPort = (url: URL, { service }: Obj): string =>
  service && !url.port ? url.href.replace(url.host, `${url.host}:443`) : url.href

/** An answer that came and is none. */
class AnswerError extends Error {}

function exchange(url: URL, socket: Duplex, clientConfig: Obj, body: string): Promise<Obj> {
  const { caBundle, service } = clientConfig
  const servername = service ? `${service.name}.${service.namespace}.svc` : url.hostname
  const secure = tlsConnect({
    socket: socket as never,
    ...(caBundle && { ca: Buffer.from(caBundle, 'base64') }),
    ...(isIP(servername) ? { host: servername } : { servername }),
    ALPNProtocols: ['http/1.1'],
  })
  return new Promise((resolve, reject) => {
    // A server that closes without a word leaves no error; one that there is comes after the end.
    socket.once('close', () => setImmediate(() => reject(new Error('EOF'))))
    secure.on('error', reject)
    const outgoing = httpsRequest({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'kube-apiserver-admission',
        'content-length': Buffer.byteLength(body),
      },
      createConnection: () => secure,
    })
    outgoing.on('error', reject)
    outgoing.on('response', (answer) => {
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > LONGEST_ANSWER) answer.destroy(new Error('http: response body too large'))
      })
      text(answer)
        .then((said) => resolve(read(answer.statusCode!, said)), reject)
        .catch(reject)
    })
    outgoing.end(body)
  })
}

function read(code: number, said: string): Obj {
  if (code === 404) throw new AnswerError('the server could not find the requested resource')
  if (code < 200 || code > 206) {
    const why =
      code === 500 || code === 503
        ? `an error on the server (${JSON.stringify(said.trim() || 'unknown')}) has prevented the request from succeeding`
        : `the server responded with the status code ${code} but did not return more information`
    throw new AnswerError(why)
  }
  let value: Json
  try {
    value = JSON.parse(said)
  } catch {
    throw new AnswerError(
      "couldn't get version/kind; json parse error: invalid character looking for beginning of value",
    )
  }
  if (!isObject(value))
    throw new AnswerError(
      "couldn't get version/kind; json parse error: json: cannot unmarshal into Go value of type struct",
    )
  return value as Obj
}

const UNKNOWN = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
])

/** What Go's TLS client says. */
function reasonOf(error: NodeJS.ErrnoException & { host?: string; reason?: string }, at: string): string {
  const verify = 'tls: failed to verify certificate: x509'
  const { code = '', message } = error
  if (UNKNOWN.has(code)) return `${verify}: certificate signed by unknown authority`
  if (code === 'CERT_HAS_EXPIRED') return `${verify}: certificate has expired or is not yet valid`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = [...message.matchAll(/(?:DNS|IP Address):([^,]+)/g)].map((match) => match[1]!.trim())
    return names.length > 0
      ? `${verify}: certificate is valid for ${names.join(', ')}, not ${error.host}`
      : `${verify}: certificate is not valid for any names, but wanted to match ${error.host}`
  }
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH/.test(code + message))
    return 'http: server gave HTTP response to HTTPS client'
  if (code === 'ECONNRESET') return `read tcp ${at}: connection reset by peer`
  return message
}
