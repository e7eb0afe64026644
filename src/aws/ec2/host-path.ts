import type { World } from '#world/world.ts'
import { endpointServiceOf } from './data/endpoint-services.ts'
import { networkIndex } from './network-index.ts'
import { type InsideEnd, type Path, reach } from './reach.ts'
import type { Scope } from './scope.ts'
import { networkInterfaces, vpcs } from './tables.ts'
import { privateEndpointFor } from './vpc-endpoints.ts'
import { namesIn } from './vpc-names.ts'

/** Who has a private address; where VPCs overlap, in the VPC that is asked for. */
export function endAt(world: World, address: string, vpcId?: string): InsideEnd | undefined {
  const all = networkIndex(world)
    .interfacesAt(address)
    .filter(({ eni }) => eni.addresses.includes(address))
  const found = all.find(({ eni }) => eni.vpcId === vpcId) ?? all[0]
  return found && { ...found, address }
}

/** The address that the private DNS of an interface endpoint gives a host name inside a VPC. */
export function endpointAddress(scope: Scope, vpcId: string, name: string): string | undefined {
  const endpoint = privateEndpointFor(scope, vpcId, name)
  const eni = endpoint && networkInterfaces.find(scope, endpoint.networkInterfaceIds[0] ?? '')
  return eni?.addresses[0]
}

/** The way from a machine to a host of AWS or of the internet, which may lead through an endpoint of its VPC. */
export function hostPath(
  world: World,
  from: InsideEnd,
  host: { name: string; address: string; port: number },
): Path {
  const scope: Scope = { world, accountId: from.accountId, region: from.region }
  const { name, address, port } = host
  const unnamed = withoutNames(scope, from.eni.vpcId, name)
  if (unnamed) return unnamed
  const own = namesIn(scope, from.eni.vpcId) === 'vpc'
  const inside = own ? endpointAddress(scope, from.eni.vpcId, name) : undefined
  const to = inside === undefined ? undefined : endAt(world, inside, from.eni.vpcId)
  if (to) return reach(world, from, to, { port })
  return reach(world, from, { address, service: endpointServiceOf(name, from.region) }, { port })
}

/** What a way to a host is where nobody answers for names; undefined: somebody does. */
export function withoutNames(scope: Scope, vpcId: string, name: string): Path | undefined {
  if (namesIn(scope, vpcId) !== 'none') return undefined
  const blockedBy = vpcs.find(scope, vpcId)?.dhcpOptionsId ?? vpcId
  return { open: false, blockedBy, reason: `no name server of ${vpcId} answers for ${name}` }
}
