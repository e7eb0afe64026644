import { awsKey, awsPrefix } from '../keys.ts'
import { instanceTypes } from './data/instance-types.ts'
import { addSecondaryAddresses, createInterface, removeSecondaryAddress } from './interfaces.ts'
import type { NetworkInterfaceRecord } from './records.ts'
import type { Scope } from './scope.ts'
import { instances, networkInterfaces, subnets } from './tables.ts'

/** Which secondary address a pod has. */
interface PodAddress {
  address: string
  networkInterfaceId: string
}

const podKey = (scope: Scope, instanceId: string, podUid: string) =>
  awsKey(scope.accountId, scope.region, 'ec2', 'pod-addresses', `${instanceId}/${podUid}`)

/**
 * An address for a pod as the VPC CNI gives one: a secondary address of the instance, on a further network interface when
 * those it has are full. Asked again for the same pod, gives the same. Throws when the instance's limits or the subnet are used up.
 * https://github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/eni-and-ip-target.md
 */
export function allocatePodAddress(scope: Scope, instanceId: string, podUid: string): string {
  const key = podKey(scope, instanceId, podUid)
  const existing = scope.world.store.get<PodAddress>(key)
  if (existing) return existing.value.address
  const eni = interfaceWithRoom(scope, instanceId)
  const [address] = addSecondaryAddresses(scope, eni.id, 1)
  scope.world.store.put<PodAddress>(key, { address: address!, networkInterfaceId: eni.id })
  return address!
}

/** Gives a pod's address back. Does nothing when it has none. */
export function releasePodAddress(scope: Scope, instanceId: string, podUid: string): void {
  const entry = scope.world.store.delete<PodAddress>(podKey(scope, instanceId, podUid))
  if (entry) removeSecondaryAddress(scope, entry.value.networkInterfaceId, entry.value.address)
}

/** Forgets every pod of an instance but these. */
export function releasePodsOf(scope: Scope, instanceId: string, keep: ReadonlySet<string> = new Set()): void {
  const prefix = awsPrefix(scope.accountId, scope.region, 'ec2', `pod-addresses/${instanceId}`)
  for (const { key, value } of scope.world.store.list<PodAddress>(prefix).entries) {
    if (keep.has(key.slice(key.lastIndexOf('/') + 1))) continue
    scope.world.store.delete(key)
    removeSecondaryAddress(scope, value.networkInterfaceId, value.address)
  }
}

function interfaceWithRoom(scope: Scope, instanceId: string): NetworkInterfaceRecord {
  const instance = instances.get(scope, instanceId)
  const type = instanceTypes.get(instance.type)!
  const attached = instance.networkInterfaceIds.map((id) => networkInterfaces.get(scope, id))
  const roomy = attached.find((eni) => eni.addresses.length < type.addressesPerInterface)
  if (roomy) return roomy
  if (attached.length >= type.maxInterfaces) {
    throw new Error('failed to assign an IP address to container')
  }
  const eni = createInterface(scope, {
    subnet: subnets.get(scope, instance.subnetId),
    groupIds: instance.groupIds,
    description: `aws-K8S-${instanceId}`,
    tags: { 'node.k8s.amazonaws.com/instance_id': instanceId },
    attachment: {
      instanceId,
      instanceOwnerId: scope.accountId,
      deviceIndex: attached.length,
      deleteOnTermination: true,
    },
  })
  instances.patch(scope, instanceId, { networkInterfaceIds: [...instance.networkInterfaceIds, eni.id] })
  return eni
}
