import type { LoadBalancerRecord as ClassicBalancer } from '#aws/elb/index.ts'
import type { ListenerRecord, LoadBalancerRecord } from '#aws/elbv2/index.ts'
import type { ContainerRecord } from '#containers/engine/container-record.ts'
import type { World } from '#world/world.ts'

/** Something in a world that answers browsers, by the address at which the lab's shell reaches it. */
export interface Door {
  kind: 'load-balancer' | 'container' | 'node-port'
  /** The load balancer's, the container's, the Service's. */
  name: string
  /** `http://localhost:8080/` */
  address: string
}

/** How many are told at most. */
const LIMIT = 40

interface Service {
  metadata: { name: string; namespace: string }
  spec: { type: string; ports: { nodePort?: number; protocol?: string }[] }
}
interface Node {
  status?: { addresses?: { type: string; address: string }[] }
}

/** The doors of a world: load balancers from the internet, published ports of containers, node ports. */
export function doors(world: World): Door[] {
  return [...balancers(world), ...containers(world), ...nodePorts(world)].slice(0, LIMIT)
}

function* balancers({ store }: World): Iterable<Door> {
  const kind = 'load-balancer'
  const records = store.list('aws/').entries
  for (const { key, value } of records) {
    if (/^aws\/[^/]+\/[^/]+\/elbv2\/load-balancers\//.test(key)) {
      const { name, dnsName, scheme, arn } = value as LoadBalancerRecord
      if (scheme !== 'internet-facing') continue
      const path = arn.replace(/^.*:loadbalancer\//, '')
      const listening = store.values<ListenerRecord>(key.replace(/load-balancers\/.*$/, `listeners/${path}/`))
      for (const { protocol, port } of listening) {
        const secure = protocol === 'HTTPS' || protocol === 'TLS'
        if (secure || protocol === 'HTTP' || protocol === 'TCP')
          yield { kind, name, address: web(dnsName, port, secure) }
      }
    }
    if (/^aws\/[^/]+\/[^/]+\/elb\/load-balancers\//.test(key)) {
      const { name, dnsName, scheme, listeners } = value as ClassicBalancer
      if (scheme !== 'internet-facing') continue
      for (const { protocol, port } of listeners)
        yield { kind, name, address: web(dnsName, port, protocol === 'HTTPS' || protocol === 'SSL') }
    }
  }
}

function* containers({ store }: World): Iterable<Door> {
  for (const { name, status, ports } of store.values<ContainerRecord>('docker/containers/'))
    if (status === 'running')
      for (const { hostPort, protocol } of ports)
        if (protocol === 'tcp') yield { kind: 'container', name, address: web('localhost', hostPort, false) }
}

/** At the first node of each cluster that has an address from outside: a public one, or that of kind's container. */
function* nodePorts({ store }: World): Iterable<Door> {
  const clusters = new Set(store.list('kubernetes/').entries.map(({ key }) => key.split('/')[1]!))
  const machines = new Set(store.values<ContainerRecord>('docker/containers/').map(({ address }) => address))
  for (const cluster of clusters) {
    const addresses = store
      .values<Node>(`kubernetes/${cluster}/core/nodes/`)
      .flatMap(({ status }) => status?.addresses ?? [])
    const address = addresses.find(
      ({ type, address }) => type === 'ExternalIP' || (type === 'InternalIP' && machines.has(address)),
    )?.address
    if (address === undefined) continue
    for (const { metadata, spec } of store.values<Service>(`kubernetes/${cluster}/core/services/`)) {
      if (spec.type !== 'NodePort') continue
      for (const { nodePort, protocol = 'TCP' } of spec.ports)
        if (nodePort && protocol === 'TCP')
          yield {
            kind: 'node-port',
            name: `${metadata.namespace}/${metadata.name}`,
            address: web(address, nodePort, false),
          }
    }
  }
}

function web(host: string, port: number, secure: boolean): string {
  const usual = port === (secure ? 443 : 80)
  return `http${secure ? 's' : ''}://${host}${usual ? '' : `:${port}`}/`
}
