import { readFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { PreviewFailure } from '../api.ts'
import { isLocalhost, type Target } from './target.ts'

/** The lab network of a learner's world, as a terminal of the lab has it. */
export interface LabNetwork {
  proxyUrl: string
  caFile: string
  /** Connects to a port of the terminals' own loopback; left out where that is this machine's, which the proxy reaches. */
  dial?(port: number): Promise<Duplex>
}

/** A connection that was not made. `detail` is what the lab network said. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError'
  readonly failure: PreviewFailure
  constructor(failure: PreviewFailure, detail: string) {
    super(detail)
    this.failure = failure
  }
}

/**
 * A connection to a server inside the lab network, through the network's own door and nothing else: what a terminal
 * cannot reach cannot be reached here. Rejects with a TunnelError.
 */
export async function openTunnel(network: LabNetwork, target: Target): Promise<Duplex> {
  const stream = await throughProxy(network, target).catch((error: TunnelError) => {
    // Sandboxed terminals have a loopback of their own beside the ports that the world's containers publish.
    if (error.failure !== 'no-host' || !isLocalhost(target) || !network.dial) throw error
    return network.dial(target.port).catch((dialled: Error) => {
      throw new TunnelError('refused', dialled.message)
    })
  })
  return target.secure ? encrypt(network, target, stream) : stream
}

function throughProxy({ proxyUrl }: LabNetwork, { host, port }: Target): Promise<Duplex> {
  const proxy = new URL(proxyUrl)
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const credentials = Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')
  return new Promise((resolve, reject) => {
    request({
      host: proxy.hostname,
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      agent: false,
      headers: { host: authority, 'proxy-authorization': `Basic ${credentials}` },
    })
      .on('connect', (answer: IncomingMessage, socket: Duplex) => {
        if (answer.statusCode === 200) return resolve(socket)
        socket.destroy()
        reject(new TunnelError(failureOf(answer), answer.statusMessage ?? ''))
      })
      .on('error', (error) => reject(new TunnelError('cloud-away', error.message)))
      .end()
  })
}

/** What the door's refusals (network/refusal.ts) mean. */
function failureOf({ statusCode, statusMessage = '' }: IncomingMessage): PreviewFailure {
  if (statusCode === 403) return 'no-host'
  if (statusCode === 407) return 'cloud-away'
  if (statusMessage.includes('refused')) return 'refused'
  if (statusCode === 504 || statusMessage.includes('timeout')) return 'silent'
  return statusMessage.includes('route') ? 'no-route' : 'cloud-away'
}

async function encrypt({ caFile }: LabNetwork, { host }: Target, stream: Duplex): Promise<Duplex> {
  const ca = await readFile(caFile)
  return new Promise((resolve, reject) => {
    const secure = connectTls({ socket: stream, servername: host, ca, ALPNProtocols: ['http/1.1'] })
    secure.once('secureConnect', () => resolve(secure))
    secure.on('error', (error: NodeJS.ErrnoException) => {
      stream.destroy()
      const certificate = /CERT|ISSUER|SIGNED|ALTNAME/.test(error.code ?? '')
      reject(new TunnelError(certificate ? 'certificate' : 'closed', error.message))
    })
  })
}
