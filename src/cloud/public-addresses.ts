import { type InsideEnd, reach } from '#aws/ec2/index.ts'
import { networkIndex } from '#aws/ec2/network-index.ts'
import type { HostTable } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { ConnectError, type VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'
import type { FlowRecorder } from './flow-recorder.ts'

const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/
/** https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html */
const PUBLIC_NAME = /^ec2-(\d+)-(\d+)-(\d+)-(\d+)\.(?:compute-1|[a-z0-9-]+\.compute)\.amazonaws\.com$/

/**
 * Instances as the internet reaches them: by their public addresses and names, as far as routes, network ACLs and security
 * groups let packets in. So a node port answers at its node, once a rule opens it.
 */
export function publicAddresses(world: World, network: VirtualNetwork, flows: FlowRecorder): HostTable {
  return {
    resolve(host, port) {
      const address = PUBLIC_NAME.exec(host)?.slice(1).join('.') ?? host
      if (!ADDRESS.test(address)) return undefined
      const found = networkIndex(world)
        .interfacesAt(address)
        .find(({ eni }) => eni.publicIp === address && eni.attachment?.instanceId !== undefined)
      if (!found) return undefined
      const to: InsideEnd = { ...found, address: found.eni.addresses[0]! }
      return {
        kind: 'tcp',
        connect() {
          const from = { address: LAB_ADDRESS, port: 10_000 + world.ids.number(50_000) }
          const path = reach(world, { address: LAB_ADDRESS }, to, { port })
          flows.note({
            from: { peer: from },
            to: { peer: { address: to.address, port }, end: to },
            protocol: 'TCP',
            path,
          })
          if (!path.open) throw new ConnectError('ETIMEDOUT', address, port)
          return network.connect({ address: to.address, port }, from)
        },
      }
    },
  }
}
