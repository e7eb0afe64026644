import { contains, parseCidr } from '../ec2/cidr.ts'
import { rulesOf, type Scope, tables } from '../ec2/index.ts'
import type { LoadBalancerRecord } from './records.ts'

/** Where a connection comes from, as security groups see it. */
interface Source {
  address: string
  groupIds: string[]
}

/** Whether any of the groups lets `source` in to a TCP port. */
export function admits(scope: Scope, groupIds: string[], source: Source, port: number): boolean {
  const from = parseCidr(`${source.address}/32`)
  return groupIds.some((groupId) =>
    rulesOf(scope, groupId).some((rule) => {
      if (rule.egress || !(rule.protocol === '-1' || rule.protocol === 'tcp')) return false
      const { fromPort = -1, toPort = -1 } = rule
      const portFits = rule.protocol === '-1' || fromPort === -1 || (fromPort <= port && port <= toPort)
      if (!portFits) return false
      if (rule.peerGroupId !== undefined) return source.groupIds.includes(rule.peerGroupId)
      const block = rule.cidr === undefined ? undefined : parseCidr(rule.cidr)
      return block !== undefined && from !== undefined && contains(block, from)
    }),
  )
}

/** An address of the load balancer inside its VPC. */
export function insideAddress(scope: Scope, record: LoadBalancerRecord): string | undefined {
  return record.networkInterfaceIds
    .map((id) => tables.networkInterfaces.find(scope, id)?.addresses[0])
    .find((address) => address !== undefined)
}

/** Whether the security groups let the load balancer reach an instance's port. */
export function reaches(scope: Scope, record: LoadBalancerRecord, instanceId: string, port: number): boolean {
  const instance = tables.instances.find(scope, instanceId)
  const address = insideAddress(scope, record)
  if (!instance || !address) return false
  return admits(scope, instance.groupIds, { address, groupIds: record.groupIds }, port)
}
