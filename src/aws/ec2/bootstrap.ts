import { awsKey } from '../keys.ts'
import { cidrSize, formatCidr, parseCidr } from './cidr.ts'
import { makeVpc } from './make-vpc.ts'
import { zonesOf } from './regions.ts'
import type { Scope } from './scope.ts'
import { internetGateways, routeTables, subnets } from './tables.ts'

const DEFAULT_VPC = '172.31.0.0/16'

/**
 * Gives a region the default VPC that every AWS account has, once: `/20` subnets with public addresses, a gateway, a
 * route to it. https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
 */
export function bootstrapRegion(scope: Scope): void {
  const key = awsKey(scope.accountId, scope.region, 'ec2', 'bootstrap', 'done')
  if (scope.world.store.get(key)) return
  scope.world.store.put(key, true)
  makeDefaultVpc(scope)
}

/** The default VPC with its subnets and gateway; also what CreateDefaultVpc does. */
export function makeDefaultVpc(scope: Scope): string {
  const vpc = makeVpc(scope, { cidr: DEFAULT_VPC, isDefault: true })
  const gateway = internetGateways.put(scope, { id: internetGateways.newId(scope), tags: {}, vpcId: vpc.id })
  const table = routeTables.list(scope).find((candidate) => candidate.vpcId === vpc.id)!
  routeTables.patch(scope, table.id, {
    routes: [...table.routes, { destination: '0.0.0.0/0', target: gateway.id, origin: 'CreateRoute' }],
  })
  const whole = parseCidr(DEFAULT_VPC)!
  zonesOf(scope.region).forEach((zone, index) => {
    const cidr = { base: whole.base, bits: 20 }
    cidr.base += index * cidrSize(cidr)
    subnets.put(scope, {
      id: subnets.newId(scope),
      tags: {},
      vpcId: vpc.id,
      cidr: formatCidr(cidr),
      zone: zone.name,
      zoneId: zone.id,
      isDefault: true,
      mapPublicIp: true,
    })
  })
  return vpc.id
}
