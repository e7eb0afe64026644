import { OWN_RESOLVER, PUBLIC_RESOLVERS } from '#network/name-servers.ts'
import { formatAddress, parseCidr } from './cidr.ts'
import type { VpcRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { dhcpOptions, vpcs } from './tables.ts'

/** What a VPC's DHCP options tell its machines of names. */
export interface DhcpNames {
  /** Addresses; the VPC's own resolver is `OWN_RESOLVER`, whatever address it is asked at. */
  servers: string[]
  /** Search domains; undefined: the options name none. */
  searches?: string[]
}

/** https://docs.aws.amazon.com/vpc/latest/userguide/VPC_DHCP_Options.html */
export function dhcpNames(scope: Scope, vpcId: string): DhcpNames {
  const vpc = vpcs.find(scope, vpcId)
  if (!vpc) return { servers: [OWN_RESOLVER] }
  const set = dhcpOptions.find(scope, vpc.dhcpOptionsId)
  const valuesOf = (key: string) => set?.configurations.find((one) => one.key === key)?.values
  const own = ownResolvers(vpc)
  const servers = (valuesOf('domain-name-servers') ?? []).map((one) =>
    own.includes(one) ? OWN_RESOLVER : one,
  )
  // Linux takes several domains, separated by spaces, as several search domains.
  const searches = valuesOf('domain-name')?.flatMap((domain) => domain.split(/\s+/))
  return { servers: [...new Set(servers)], ...(searches && { searches }) }
}

/** How the VPC's resolver is named: by its keyword, at the second address of the VPC, and at its link-local one. */
const ownResolvers = ({ cidr }: VpcRecord) => [
  'AmazonProvidedDNS',
  OWN_RESOLVER,
  formatAddress(parseCidr(cidr)!.base + 2),
]

/** Whether the VPC's own resolver answers. */
export const dnsSupport = (scope: Scope, vpcId: string): boolean =>
  vpcs.find(scope, vpcId)?.enableDnsSupport ?? true

/**
 * Who answers when machines of a VPC ask for a name: the VPC's resolver, which knows its private names, a resolver of the internet, or nobody.
 * The first server that answers decides.
 */
export function namesIn(scope: Scope, vpcId: string): 'vpc' | 'internet' | 'none' {
  for (const server of dhcpNames(scope, vpcId).servers) {
    if (server === OWN_RESOLVER && dnsSupport(scope, vpcId)) return 'vpc'
    if (PUBLIC_RESOLVERS.has(server)) return 'internet'
  }
  return 'none'
}
