import { addons } from '#aws/eks/data/addons.ts'
import { GP2_CLASS } from '#kubernetes/addons/ebs-csi-driver.ts'
import { eksDefinitions } from '#kubernetes/addons/vpc-definitions.ts'
import { type AddonName, type AddonObject, eksAddon } from '#kubernetes/eks-addons.ts'
import { NODE_BOOTSTRAPPER } from '#kubernetes/eks-nodes.ts'
import type { World } from '#world/world.ts'
import type { RunningCluster } from './clusters.ts'

/** What EKS installs into a new cluster by itself (`bootstrapSelfManagedAddons`). */
export const SYSTEM_ADDONS: AddonName[] = ['vpc-cni', 'kube-proxy', 'coredns']

/** Where EKS's own images come from; other regions' registries are not simulated (docs.aws.amazon.com/eks/latest/userguide/add-ons-images.html). */
export const EKS_REGISTRY = '602401143452.dkr.ecr.us-east-1.amazonaws.com'

/** Who EKS is in `metadata.managedFields`. */
export const EKS_MANAGER = 'eks'

/**
 * What was installed: worlds that an earlier release has made lack the rights of their add-ons (`true`), and a VPC CNI that has an
 * effect (2). They get these alone.
 */
const EDITION = 3

const doneKey = (clusterUid: string) => `cluster-bootstrap/${clusterUid}`

/**
 * Puts networking, proxy and DNS into a cluster that has just been made, once: whoever deletes them later keeps a cluster
 * without them, as on AWS. Whether the cluster is an earlier release's, which `adoptNetwork` is for.
 */
export function installSystemAddons(world: World, { record, kubernetes }: RunningCluster): boolean {
  const make = ({ resource, object }: AddonObject) => {
    const { namespace = '', name } = object.metadata
    // A kill in the middle leaves some of them.
    if (!kubernetes.client.get(resource, namespace, name)) kubernetes.client.create(resource, object)
  }
  // EKS itself depends on these, and makes them again.
  for (const object of [...NODE_BOOTSTRAPPER, ...eksDefinitions()]) make(object)
  const done = world.store.get<true | number>(doneKey(record.uid))?.value
  if (done === EDITION) return false
  const dnsAddress = record.serviceIpv4Cidr.replace(/\.\d+\/\d+$/, '.10')
  for (const name of record.bootstrapAddons === false ? [] : SYSTEM_ADDONS) {
    const version = addons.find((addon) => addon.name === name)?.versions[record.version]?.[0]
    if (!version) continue
    for (const { resource, object } of eksAddon(name, {
      version,
      registry: EKS_REGISTRY,
      dnsAddress,
      endpoint: record.endpoint,
    })) {
      if (done && !(done === true && resource.startsWith('clusterrole'))) continue
      // A kill in the middle leaves some of them.
      kubernetes.client.apply(resource, object, { fieldManager: EKS_MANAGER, conflicts: 'take' })
    }
  }
  if (!done) make(GP2_CLASS)
  world.store.put(doneKey(record.uid), EDITION)
  return done !== undefined
}

/** Forgets a cluster that is gone. */
export function forgetSystemAddons(world: World, clusterUid: string): void {
  world.store.delete(doneKey(clusterUid))
}
