import { createHash } from 'node:crypto'
import type { NetworkView } from '#containers/runtime.ts'
import type { Node, Pod } from '../objects.ts'

/** What the VPC CNI gives as the gateway of every pod: an address that its ARP entry alone leads from. */
const VPC_CNI_GATEWAY = '169.254.1.1'

/**
 * The network of a pod as its node's plug-in sets it up: kindnet (the `ptp` plug-in) where nodes have ranges for their pods,
 * else the VPC CNI; undefined: the node's own.
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/cni-proposal.md
 */
export function podNetwork(pod: Pod, node: Node | undefined, address: string): NetworkView | undefined {
  if (pod.spec.hostNetwork) return undefined
  const range = node?.spec.podCIDR
  // The kernel chooses the address at random; so do the pod's uid.
  const seed = createHash('sha256').update(pod.metadata.uid!).digest()
  const bytes = [(seed[0]! & 0xfc) | 2, ...seed.subarray(1, 6)]
  const common = {
    name: 'eth0',
    peerIndex: 5 + (seed.readUInt16BE(6) % 200),
    macAddress: bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    address,
    linkLocal: true,
  }
  if (range) {
    const [base = '', bits] = range.split('/')
    const prefix = base.split('.').slice(0, 3).join('.')
    const gateway = `${prefix}.1`
    return {
      interfaces: [
        {
          ...common,
          index: 2,
          prefixLength: Number(bits),
          broadcast: `${prefix}.255`,
          mtu: 1500,
          queueLength: 1000,
        },
      ],
      routes: [
        { destination: 'default', gateway, device: 'eth0' },
        { destination: range, gateway, device: 'eth0', source: address },
        { destination: `${gateway}/32`, device: 'eth0', source: address },
      ],
    }
  }
  return {
    interfaces: [{ ...common, index: 3, prefixLength: 32, mtu: 9001, queueLength: 0 }],
    routes: [
      { destination: 'default', gateway: VPC_CNI_GATEWAY, device: 'eth0' },
      { destination: `${VPC_CNI_GATEWAY}/32`, device: 'eth0' },
    ],
  }
}
