import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey, tables } from '../ec2/index.ts'
import { insideAddress, reaches } from './paths.ts'
import type { HealthCheckRecord, HealthRecord, LoadBalancerRecord } from './records.ts'
import { findLoadBalancer, healthOf, putHealth } from './tables.ts'

const HEALTH_KEY = /^aws\/[^/]+\/[^/]+\/elb\/health\/([^/]+)\/([^/]+)$/

/**
 * Checks the instances behind classic load balancers at their interval. Counts of successes and failures live here;
 * only a change of state is written, so that a quiet world stays quiet.
 */
export function elbHealthController(world: World, network: VirtualNetwork): Controller {
  const streaks = new Map<string, { good: boolean; length: number }>()
  return {
    name: 'elb-health',
    concurrency: 16,
    sources: [{ prefix: 'aws/', keys: ({ key }) => (HEALTH_KEY.test(key) ? [key] : []) }],
    async reconcile(key): Promise<Result | undefined> {
      const [, name = '', instanceId = ''] = HEALTH_KEY.exec(key)!
      const scope = scopeOfKey(world, key)
      const record = findLoadBalancer(scope, name)
      const health = healthOf(scope, name, instanceId)
      if (!record || !health) {
        streaks.delete(key)
        return undefined
      }
      const { healthCheck } = record
      const good = await probe(network, scope, record, instanceId)
      const before = streaks.get(key)
      const length = before?.good === good ? before.length + 1 : 1
      streaks.set(key, { good, length })
      const next = nextState(health, healthCheck, good, length)
      const served = health.served || next === 'in-service'
      // The record may have gone while the probe was under way.
      if (next !== health.state && healthOf(scope, name, instanceId))
        putHealth(scope, { ...health, state: next, served })
      return { requeueAfterMs: waitBeforeNext(world, healthCheck.interval * 1000, next, served) }
    },
  }
}

/** Shortest wait, in ms, between checks of an instance that fails them before its first service. */
const FASTEST_RETRY_MS = 1000

function waitBeforeNext(
  world: World,
  interval: number,
  state: HealthRecord['state'],
  served: boolean,
): number {
  if (served) return interval
  const fast = world.provisioningTime(interval)
  return state === 'registering' ? fast : Math.max(fast, FASTEST_RETRY_MS)
}

function nextState(
  health: HealthRecord,
  check: HealthCheckRecord,
  good: boolean,
  length: number,
): HealthRecord['state'] {
  if (good) return length >= check.healthyThreshold ? 'in-service' : health.state
  if (health.state === 'registering') return length >= check.unhealthyThreshold ? 'failed' : 'registering'
  return length >= check.unhealthyThreshold ? 'failed' : health.state
}

/** One health check: a TCP connection, or an HTTP request that must answer 200. */
async function probe(
  network: VirtualNetwork,
  scope: Scope,
  record: LoadBalancerRecord,
  instanceId: string,
): Promise<boolean> {
  const [, protocol = '', port = '', path = '/'] =
    /^([A-Za-z]+):(\d+)(\/.*)?$/.exec(record.healthCheck.target) ?? []
  const instance = tables.instances.find(scope, instanceId)
  if (instance?.state !== 'running' || !reaches(scope, record, instanceId, Number(port))) return false
  let socket: Duplex
  try {
    const from = { address: insideAddress(scope, record)!, port: 10_000 + scope.world.ids.number(50_000) }
    socket = network.connect({ address: instance.privateIp, port: Number(port) }, from, { probe: true })
  } catch {
    return false
  }
  try {
    if (!/^https?$/i.test(protocol)) return true
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${instance.privateIp}:${port}\r\nUser-Agent: ELB-HealthChecker/1.0\r\nConnection: close\r\n\r\n`,
    )
    const limit = new AbortController()
    const timer = scope.world.clock.setTimer(record.healthCheck.timeout * 1000, () => limit.abort())
    const [head] = (await once(socket, 'data', { signal: limit.signal }).finally(() => timer.cancel())) as [
      Buffer,
    ]
    return /^HTTP\/1\.\d 200 /.test(head.toString('latin1'))
  } catch {
    return false
  } finally {
    socket.on('error', () => {})
    socket.destroy()
  }
}
