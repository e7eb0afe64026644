import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type * as r from './records.ts'

const FOLDER =
  /^aws\/([^/]+)\/([^/]+)\/ec2\/(network-interfaces|security-groups|security-group-rules|route-tables|network-acls)\//

type Indexed =
  | r.SecurityGroupRecord
  | r.NetworkInterfaceRecord
  | r.SecurityGroupRuleRecord
  | r.RouteTableRecord
  | r.NetworkAclRecord

/** A network interface, and the account and region that it is in. */
export interface PlacedInterface {
  eni: r.NetworkInterfaceRecord
  accountId: string
  region: string
}

/**
 * What every packet asks of a world's networks, found without a search: who has an address, a group's rules, a subnet's routes
 * and network ACL. Ids are unique in a world, so one index serves all accounts and regions.
 */
export class NetworkIndex {
  readonly #index: StoreIndex<Indexed>

  constructor(store: Store) {
    this.#index = new StoreIndex<Indexed>(store, 'aws/', groupsOf)
  }

  /** The interfaces that have a private or public address; several when VPCs use the same block. */
  interfacesAt(address: string): PlacedInterface[] {
    const keys = this.#index.keys(`address ${address}`)
    const found = this.#index.get(`address ${address}`) as r.NetworkInterfaceRecord[]
    return found.map((eni, index) => {
      const [, accountId = '', region = ''] = keys[index]!.split('/')
      return { eni, accountId, region }
    })
  }

  /** A security group by its name in a VPC. */
  groupNamed(vpcId: string, name: string): r.SecurityGroupRecord | undefined {
    return this.#index.get(`name ${vpcId} ${name}`)[0] as r.SecurityGroupRecord | undefined
  }

  /** The rules of a security group. */
  rules(groupId: string): r.SecurityGroupRuleRecord[] {
    return this.#index.get(`group ${groupId}`) as r.SecurityGroupRuleRecord[]
  }

  /** The route table that a subnet uses: its own, or the VPC's main one. */
  routeTable(subnetId: string, vpcId: string): r.RouteTableRecord | undefined {
    const [own] = this.#index.get(`routes ${subnetId}`)
    return (own ?? this.#index.get(`routes ${vpcId}`)[0]) as r.RouteTableRecord | undefined
  }

  /** The network ACL of a subnet: its own, or the VPC's default one. */
  networkAcl(subnetId: string, vpcId: string): r.NetworkAclRecord | undefined {
    const [own] = this.#index.get(`acl ${subnetId}`)
    return (own ?? this.#index.get(`acl ${vpcId}`)[0]) as r.NetworkAclRecord | undefined
  }
}

function groupsOf(value: Indexed, key: string): string[] {
  switch (FOLDER.exec(key)?.[3]) {
    case 'network-interfaces': {
      const { addresses, publicIp } = value as r.NetworkInterfaceRecord
      return [...addresses, ...(publicIp ? [publicIp] : [])].map((address) => `address ${address}`)
    }
    case 'security-groups': {
      const { vpcId, name } = value as r.SecurityGroupRecord
      return [`name ${vpcId} ${name}`]
    }
    case 'security-group-rules':
      return [`group ${(value as r.SecurityGroupRuleRecord).groupId}`]
    case 'route-tables': {
      const { associations, vpcId } = value as r.RouteTableRecord
      return associations.map(({ subnetId }) => `routes ${subnetId ?? vpcId}`)
    }
    case 'network-acls': {
      const { associations = [], isDefault, vpcId } = value as r.NetworkAclRecord
      const own = associations.map(({ subnetId }) => `acl ${subnetId}`)
      return isDefault ? [...own, `acl ${vpcId}`] : own
    }
  }
  return []
}

const indexes = new WeakMap<Store, NetworkIndex>()

/** The index of a world; it lives as long as the world's store. */
export function networkIndex({ store }: { store: Store }): NetworkIndex {
  let index = indexes.get(store)
  if (!index) {
    index = new NetworkIndex(store)
    indexes.set(store, index)
  }
  return index
}
