import { tables } from '#aws/ec2/index.ts'
import { reachEndpoint } from '#aws/eks/endpoint-access.ts'
import type { HostTable } from '#network/hosts.ts'
import { LAB_ADDRESS } from '#network/lab-address.ts'
import { publicAddressOf } from '#network/public-address.ts'
import type { World } from '#world/world.ts'
import type { VpcPaths } from './vpc-paths.ts'

/** How long Go's clients, kubectl above all, wait for a connection (net/http's default dialer). */
const PATIENCE_MS = 30_000

/** The API servers that the lab's shell may not reach: private ones, and those that take other addresses only. */
export function unreachable(world: World, paths: VpcPaths): HostTable {
  return {
    resolve(host, port) {
      const cluster = paths.clusterOf(host)
      if (!cluster) return undefined
      const { scope, record } = cluster
      if (reachEndpoint(scope, record, { address: LAB_ADDRESS }).open) return undefined
      const eni = tables.networkInterfaces.find(scope, record.networkInterfaceIds[0] ?? '')
      const address = (!record.endpointPublicAccess && eni?.addresses[0]) || publicAddressOf(host)
      return { kind: 'silent', address, port, givesUp: () => world.clock.sleep(PATIENCE_MS) }
    },
  }
}
