import {
  type InstanceTypeInfo,
  instanceTypes,
  type Scope,
  SPOT_SHARE,
  type SubnetRecord,
  tables,
} from '#aws/ec2/index.ts'
import { autoResources } from '#aws/eks/auto-machines.ts'
import type { Node } from '#kubernetes/objects.ts'
import { meets } from '#kubernetes/selectors.ts'
import {
  CAPACITY_LABEL,
  CLASS_LABEL,
  type NodeClass,
  type NodePool,
  POOL_LABEL,
  type SelectorTerm,
} from './kinds.ts'

/** A machine that a pool may launch, and the node that it would be. */
export interface Offering {
  pool: NodePool
  type: InstanceTypeInfo
  subnet: SubnetRecord
  spot: boolean
  /** US dollars an hour. */
  price: number
  node: Node
}

/** What a NodeClass selects: by id, name or tags, each term adding to what the others give. */
export function selected<T extends { id: string; tags: Record<string, string>; name?: string }>(
  resources: T[],
  terms: SelectorTerm[],
): T[] {
  const fits = (one: T, { id, name, tags = {} }: SelectorTerm) =>
    (id === undefined || id === one.id) &&
    (name === undefined || name === one.name) &&
    Object.entries(tags).every(([key, value]) =>
      value === '*' ? one.tags[key] !== undefined : one.tags[key] === value,
    )
  return resources.filter((one) => terms.some((term) => fits(one, term)))
}

/** Subnets and security groups of a class, in the cluster's VPC. */
export function networkOf(scope: Scope, vpcId: string, { spec }: NodeClass) {
  const own = <T extends { vpcId: string }>(resources: T[]) => resources.filter((one) => one.vpcId === vpcId)
  return {
    subnets: selected(own(tables.subnets.list(scope)), spec.subnetSelectorTerms),
    groups: selected(own(tables.securityGroups.list(scope)), spec.securityGroupSelectorTerms),
  }
}

/** Auto Mode starts no machines smaller than this: too little is left beside the system. */
const TOO_SMALL = /\.(nano|micro|small)$/

/** What a pool may launch into these subnets, the cheapest first. */
export function offeringsOf(region: string, pool: NodePool, subnets: SubnetRecord[]): Offering[] {
  const { requirements, taints } = pool.spec.template.spec
  const offerings: Offering[] = []
  for (const type of instanceTypes.values()) {
    if (TOO_SMALL.test(type.name)) continue
    const typeLabels = labelsOfType(type)
    for (const subnet of subnets) {
      for (const spot of [false, true]) {
        const labels: Record<string, string> = {
          ...pool.spec.template.metadata?.labels,
          ...typeLabels,
          [POOL_LABEL]: pool.metadata.name,
          [CLASS_LABEL]: pool.spec.template.spec.nodeClassRef.name,
          [CAPACITY_LABEL]: spot ? 'spot' : 'on-demand',
          'topology.kubernetes.io/region': region,
          'topology.kubernetes.io/zone': subnet.zone,
          'topology.k8s.aws/zone-id': subnet.zoneId,
        }
        if (!requirements.every((requirement) => meets(labels, requirement))) continue
        offerings.push({
          pool,
          type,
          subnet,
          spot,
          price: type.pricePerHour * (spot ? SPOT_SHARE : 1),
          node: {
            apiVersion: 'v1',
            kind: 'Node',
            metadata: { name: '', labels },
            spec: { ...(taints && { taints }) },
            status: { allocatable: autoResources(type.name).allocatable },
          } as Node,
        })
      }
    }
  }
  return offerings.sort((a, b) => a.price - b.price || (a.type.name < b.type.name ? -1 : 1))
}

/** The labels by which pools and pods choose types: https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html (from knowledge, 2026-11). */
function labelsOfType({
  name,
  architecture,
  vcpus,
  memoryMiB,
  gpus,
}: InstanceTypeInfo): Record<string, string> {
  const [family = '', size = ''] = name.split('.')
  const maker =
    /^[a-z]+\d+g/.test(family) && architecture === 'arm64' ? 'aws' : /\da/.test(family) ? 'amd' : 'intel'
  return {
    'app.kubernetes.io/managed-by': 'eks',
    'eks.amazonaws.com/compute-type': 'auto',
    'eks.amazonaws.com/instance-category': /^[a-z]+/.exec(family)?.[0] ?? '',
    'eks.amazonaws.com/instance-family': family,
    'eks.amazonaws.com/instance-generation': /\d+/.exec(family)?.[0] ?? '',
    'eks.amazonaws.com/instance-size': size,
    'eks.amazonaws.com/instance-cpu': String(vcpus),
    'eks.amazonaws.com/instance-cpu-manufacturer': maker,
    'eks.amazonaws.com/instance-memory': String(memoryMiB),
    'eks.amazonaws.com/instance-hypervisor': 'nitro',
    ...(gpus && { 'eks.amazonaws.com/instance-gpu-count': String(gpus) }),
    'kubernetes.io/arch': architecture === 'arm64' ? 'arm64' : 'amd64',
    'kubernetes.io/os': 'linux',
    'node.kubernetes.io/instance-type': name,
  }
}
