import type { Duplex } from 'node:stream'
import type { Container } from '#containers/runtime.ts'
import { ConnectError, dialText, type VirtualNetwork } from '#network/virtual-network.ts'

/** What a probe or a lifecycle hook needs of the container that it asks. */
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

/** A container's port by its number or name. Throws when it has none of the name. */
export function portOf({ ports }: ProbeTarget, port: number | string): number {
  if (typeof port === 'number') return port
  const named = ports.find(({ name }) => name === port)?.containerPort ?? Number(port)
  if (!Number.isInteger(named)) throw new Error(`couldn't find port: ${port}`)
  return named
}

/** Connects from the node of the container. Throws with Go's text of a failed dial. */
export function dial(target: ProbeTarget, address: string, port: number): Duplex {
  try {
    // The kubelet asks from the node: its loopback is the node's.
    const to = /^(127\.|localhost$)/.test(address) ? target.nodeAddress : address
    return target.network.connect({ address: to, port }, { address: target.nodeAddress, port: 0 })
  } catch (error) {
    throw error instanceof ConnectError ? new Error(dialText(error)) : error
  }
}
