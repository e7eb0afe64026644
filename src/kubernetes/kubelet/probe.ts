import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Container } from '#containers/runtime.ts'
import { ConnectError, dialText, type VirtualNetwork } from '#network/virtual-network.ts'
import type { LifecycleHandler, Probe } from '../objects.ts'
import { askGrpc } from './grpc-probe.ts'

/** What a probe needs of the container that it asks. */
export interface ProbeTarget {
  network: VirtualNetwork
  container: Container
  podAddress: string
  nodeAddress: string
  /** Container ports by name. */
  ports: { name?: string; containerPort: number }[]
  /** `kube-probe/1.35` */
  userAgent: string
}

export interface ProbeResult {
  success: boolean
  /** The kubelet's text after `Readiness probe failed: `. */
  output: string
}

type Action = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc' | 'timeoutSeconds'> | LifecycleHandler

/** Asks a container once; never throws. `aborted` ends it (a time-out is the caller's). */
export async function runProbe(
  target: ProbeTarget,
  action: Action,
  aborted: AbortSignal,
): Promise<ProbeResult> {
  try {
    if (action.httpGet) return await askHttp(target, action.httpGet, aborted)
    if (action.tcpSocket) return askTcp(target, action.tcpSocket)
    if (action.exec) return await askExec(target, action.exec.command ?? [], aborted)
    if ('grpc' in action && action.grpc) {
      const { port, service = '' } = action.grpc
      const question = {
        address: target.podAddress,
        port,
        service,
        timeoutSeconds: action.timeoutSeconds ?? 1,
      }
      return await askGrpc(() => dial(target, target.podAddress, port), question, aborted)
    }
    return { success: false, output: 'no probe handler' }
  } catch (error) {
    return { success: false, output: (error as Error).message }
  }
}

function portOf({ ports }: ProbeTarget, port: number | string): number {
  if (typeof port === 'number') return port
  const named = ports.find(({ name }) => name === port)?.containerPort ?? Number(port)
  if (!Number.isInteger(named)) throw new Error(`couldn't find port: ${port}`)
  return named
}

function dial(target: ProbeTarget, address: string, port: number): Duplex {
  try {
    // The kubelet asks from the node: its loopback is the node's.
    const to = /^(127\.|localhost$)/.test(address) ? target.nodeAddress : address
    return target.network.connect({ address: to, port }, { address: target.nodeAddress, port: 0 })
  } catch (error) {
    throw error instanceof ConnectError ? new Error(dialText(error)) : error
  }
}

function askTcp(target: ProbeTarget, { host, port }: { host?: string; port: number | string }): ProbeResult {
  dial(target, host || target.podAddress, portOf(target, port)).destroy()
  return { success: true, output: '' }
}

type HttpGet = NonNullable<Probe['httpGet']>

async function askHttp(target: ProbeTarget, action: HttpGet, aborted: AbortSignal): Promise<ProbeResult> {
  const address = action.host || target.podAddress
  const port = portOf(target, action.port)
  const path = action.path?.startsWith('/') ? action.path : `/${action.path ?? ''}`
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = `${scheme}://${address}:${port}${path}`
  let socket: Duplex
  try {
    const plain = dial(target, address, port)
    // As upstream: a probe does not verify the certificate.
    socket = scheme === 'https' ? connectTls({ socket: plain as never, rejectUnauthorized: false }) : plain
  } catch (error) {
    return { success: false, output: `Get "${url}": ${(error as Error).message}` }
  }
  const headers = (action.httpHeaders ?? []).map(({ name, value }) => `${name}: ${value}\r\n`).join('')
  const host = /^host:/im.test(headers) ? '' : `Host: ${address}:${port}\r\n`
  const agent = /^user-agent:/im.test(headers) ? '' : `User-Agent: ${target.userAgent}\r\n`
  socket.write(`GET ${path} HTTP/1.1\r\n${host}${agent}${headers}Accept: */*\r\nConnection: close\r\n\r\n`)
  const status = await statusLine(socket, aborted)
  socket.destroy()
  if (status === undefined) {
    const why = aborted.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : 'EOF'
    return { success: false, output: `Get "${url}": ${why}` }
  }
  const success = status >= 200 && status < 400
  return { success, output: success ? '' : `HTTP probe failed with statuscode: ${status}` }
}

/** The status of an HTTP answer; undefined when the connection ends before it. */
function statusLine(socket: Duplex, aborted: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve) => {
    let text = ''
    const finish = (status?: number) => resolve(status)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
      if (status) finish(Number(status))
      else if (text.length > 1024) finish()
    })
    socket.on('error', () => finish())
    socket.on('close', () => finish())
    socket.on('end', () => finish())
    aborted.addEventListener('abort', () => finish(), { once: true })
  })
}

async function askExec(target: ProbeTarget, command: string[], aborted: AbortSignal): Promise<ProbeResult> {
  const child = await target.container.exec({ command })
  let output = ''
  const read = (chunk: Buffer) => {
    if (output.length < 10_240) output += chunk.toString()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  child.stdin.end()
  aborted.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  const { exitCode } = await child.exited
  if (aborted.aborted)
    return { success: false, output: `command timed out: "${command.join(' ')}" timed out` }
  return { success: exitCode === 0, output }
}
