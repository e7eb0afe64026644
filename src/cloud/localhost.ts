import { connect } from 'node:net'
import type { HostTable } from '#network/hosts.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'

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
