import { type Duplex, duplexPair } from 'node:stream'
import type { HostTable } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import { internetPath, type Scope, tables } from '../ec2/index.ts'
import { admits, insideAddress, reaches } from './paths.ts'
import type { ListenerRecord, LoadBalancerRecord } from './records.ts'
import { healthOf, listLoadBalancers } from './tables.ts'

const ELB_NAME = /^[a-z0-9-]+\.([a-z0-9-]+)\.elb\.amazonaws\.com$/

/** The host names of the classic load balancers of a world's accounts, leading to the instances that are in service. */
export function elbHosts(world: World, accountIds: string[], network: VirtualNetwork): HostTable {
  const turns = new Map<string, number>()
  return {
    resolve(host, port) {
      const region = ELB_NAME.exec(host)?.[1]
      if (region === undefined) return undefined
      const found = accountIds
        .map((accountId): Scope => ({ world, accountId, region }))
        .flatMap((scope) => listLoadBalancers(scope).map((record) => ({ scope, record })))
        .find(({ record }) => record.dnsName === host)
      if (!found) return undefined
      const { scope, record } = found
      const nextTurn = () => {
        const turn = turns.get(host) ?? 0
        turns.set(host, turn + 1)
        return turn
      }
      return { kind: 'tcp', connect: () => connectThrough(scope, record, port, network, nextTurn) }
    },
  }
}

/** Whether a client on the internet gets as far as the load balancer. */
function open(scope: Scope, record: LoadBalancerRecord, port: number): boolean {
  if (record.scheme !== 'internet-facing') return false
  const reachable = record.subnetIds.some(
    (id) => internetPath(scope, { id, vpcId: record.vpcId }) === 'internet-gateway',
  )
  return reachable && admits(scope, record.groupIds, { address: LAB_ADDRESS, groupIds: [] }, port)
}

function connectThrough(
  scope: Scope,
  record: LoadBalancerRecord,
  port: number,
  network: VirtualNetwork,
  nextTurn: () => number,
): Duplex {
  const listener = record.listeners.find((one) => one.port === port)
  // Without a listener, a group and a route that let the client in, its packets go unanswered.
  if (!listener || !open(scope, record, port)) throw new ConnectError('ETIMEDOUT', record.dnsName, port)
  return connectTo(scope, record, listener, network, nextTurn()) ?? nobody(listener)
}

/** A connection to the next instance in turn that is in service and answers. */
function connectTo(
  scope: Scope,
  record: LoadBalancerRecord,
  { instancePort: port }: ListenerRecord,
  network: VirtualNetwork,
  turn: number,
): Duplex | undefined {
  const ready = record.instanceIds.filter((id) => healthOf(scope, record.name, id)?.state === 'in-service')
  const from = { address: insideAddress(scope, record) ?? '', port: 10_000 + scope.world.ids.number(50_000) }
  for (let step = 0; step < ready.length; step++) {
    const id = ready[(turn + step) % ready.length]!
    const instance = tables.instances.find(scope, id)
    if (instance?.state !== 'running' || !reaches(scope, record, id, port)) continue
    try {
      return network.connect({ address: instance.privateIp, port }, from)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
    }
  }
  return undefined
}

/** No instance in service: HTTP listeners say so, TCP listeners take the connection and close it. */
function nobody({ protocol }: ListenerRecord): Duplex {
  const [near, far] = duplexPair()
  far.on('error', () => {})
  far.end(
    protocol === 'HTTP'
      ? 'HTTP/1.1 503 Service Unavailable: Back-end server is at capacity\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
      : undefined,
  )
  // What the client sends is read and dropped, so that the stream can end.
  far.resume()
  return near
}
