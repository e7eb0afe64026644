import type { Duplex } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import { ConnectError } from '#network/virtual-network.ts'
import type { Scope } from '../ec2/index.ts'
import { destinationOf, insideAddress, mayReach } from './reach.ts'
import type { LoadBalancerRecord, TargetGroupRecord, TargetRecord } from './records.ts'

/** What one health check found; without a reason the target is well. */
export interface Finding {
  reason?: string
  description?: string
}

const FAILED: Finding = { reason: 'Target.FailedHealthChecks', description: 'Health checks failed' }
const TIMEOUT: Finding = { reason: 'Target.Timeout', description: 'Request timed out' }

/** Asks a target once: a TCP connection, or an HTTP request whose status must match. */
export async function probe(
  network: VirtualNetwork,
  scope: Scope,
  balancer: LoadBalancerRecord,
  group: TargetGroupRecord,
  target: TargetRecord,
): Promise<Finding> {
  const check = group.healthCheck
  const port = check.port === 'traffic-port' ? target.port : Number(check.port)
  const destination = destinationOf(scope, group, target)
  const from = insideAddress(scope, balancer)
  if (!destination || !from || !mayReach(scope, balancer, destination, port, from)) return TIMEOUT
  let socket: Duplex
  try {
    socket = network.connect(
      { address: destination.address, port },
      { address: from, port: 10_000 + scope.world.ids.number(50_000) },
      { probe: true },
    )
  } catch (error) {
    if (error instanceof ConnectError) return error.code === 'ECONNREFUSED' ? FAILED : TIMEOUT
    throw error
  }
  if (check.protocol === 'TCP') {
    socket.on('error', () => {})
    socket.destroy()
    return {}
  }
  const status = await ask(scope, socket, check.path ?? '/', `${destination.address}:${port}`, check.timeout)
  if (status === 'timeout') return TIMEOUT
  if (status === undefined) return FAILED
  if (matches(status, check.matcher ?? '200')) return {}
  return {
    reason: 'Target.ResponseCodeMismatch',
    description: `Health checks failed with these codes: [${status}]`,
  }
}

/** Whether a status is among `200,202,300-399`. */
export function matches(status: number, matcher: string): boolean {
  return matcher.split(',').some((part) => {
    const [low = 0, high = low] = part.split('-').map(Number)
    return low <= status && status <= high
  })
}

/** The status of an HTTP answer; undefined when the connection ends without one. */
function ask(
  { world }: Scope,
  socket: Duplex,
  path: string,
  host: string,
  timeoutSeconds: number,
): Promise<number | 'timeout' | undefined> {
  return new Promise((resolve) => {
    const finish = (result: number | 'timeout' | undefined) => {
      timer.cancel()
      resolve(result)
      socket.destroy()
    }
    const timer = world.clock.setTimer(timeoutSeconds * 1000, () => finish('timeout'))
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
      if (status) finish(Number(status))
    })
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.on('end', () => finish(undefined))
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nUser-Agent: ELB-HealthChecker/2.0\r\nAccept-Encoding: gzip, compressed\r\n\r\n`,
    )
  })
}
