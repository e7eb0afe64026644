import { connect } from 'node:net'
import type { HostTable } from '#network/hosts.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'

const NAMES = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * `localhost` as a lab shell sees it through the proxy (curl and many others proxy it, Go programs do not): the ports that containers
 * publish and, where `hostLoopback` allows it, what the learner's own programs listen on, such as `kubectl port-forward`.
 */
export function localhost(network: VirtualNetwork, hostLoopback: boolean): HostTable {
  return {
    resolve(name, port) {
      if (!NAMES.has(name)) return undefined
      if (network.listening('127.0.0.1', port)) {
        return { kind: 'tcp', connect: () => network.connect({ address: '127.0.0.1', port }) }
      }
      return hostLoopback ? { kind: 'tcp', connect: () => connect(port, '127.0.0.1') } : undefined
    },
  }
}

/** The label of the nodes of kind, whose names the lab shell knows: there kubectl reaches their API servers, as no Go program proxies localhost. */
const KIND_CLUSTER = 'io.x-k8s.kind.cluster'

interface EngineContainer {
  name: string
  address: string
  config: { Labels?: Record<string, string> | null }
}

/** The containers of the world's Docker Engine as their host sees them: by their addresses, and the nodes of kind by their names too. */
export function engineHosts({ store }: World, network: VirtualNetwork): HostTable {
  return {
    resolve(name, port) {
      const found = store
        .values<EngineContainer>('docker/containers/')
        .find(
          ({ address, config, ...record }) =>
            address === name || (record.name === name && config.Labels?.[KIND_CLUSTER]),
        )
      return found && { kind: 'tcp', connect: () => network.connect({ address: found.address, port }) }
    },
  }
}
