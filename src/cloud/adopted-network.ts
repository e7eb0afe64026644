import { addonRecords } from '#aws/eks/tables.ts'
import type { KubernetesObject } from '#kubernetes/api.ts'
import { NETWORK_CONFIGURATION } from '#kubernetes/kubelet/node-network.ts'
import type { Node } from '#kubernetes/objects.ts'
import { awsConflist, CONFLIST } from '#kubernetes/vpc-cni/conflist.ts'
import type { World } from '#world/world.ts'
import type { RunningCluster } from './clusters.ts'
import { addonObjects } from './installed-addons.ts'
import { EKS_MANAGER } from './system-addons.ts'

interface Daemons extends KubernetesObject {
  spec: { template: { spec: { containers: { image: string }[] } } }
}

/**
 * Gives a cluster that an earlier release has made a VPC CNI that has an effect: its nodes, which were ready without one, the file that it
 * would have written, and its DaemonSet, if it is still there, what it works with.
 */
export function adoptNetwork(world: World, cluster: RunningCluster): void {
  const { record, scope, kubernetes } = cluster
  const { client, kubelets } = kubernetes
  for (const { metadata, status } of client.list<Node>('nodes')) {
    forgetImages(world, record.uid, metadata.name)
    const isReady = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
    const files = kubelets.filesOf(metadata.name)
    const path = `${NETWORK_CONFIGURATION}/${CONFLIST}`
    if (isReady && !files.exists(path)) files.writeSync(path, Buffer.from(awsConflist()))
  }
  const present = client.get<Daemons>('daemonsets.apps', 'kube-system', 'aws-node')
  const version = present?.spec.template.spec.containers[0]?.image.split(':').at(-1)
  if (!version) return
  const wanted = addonRecords.find(scope, record.name, 'vpc-cni') ?? { name: 'vpc-cni', version }
  for (const { resource, object } of addonObjects(cluster, wanted))
    client.apply(resource, object, { fieldManager: EKS_MANAGER, conflicts: 'leave' })
}

/** The image of then has no program that tells whether it is healthy. */
function forgetImages({ store }: World, clusterUid: string, node: string): void {
  for (const { key } of store.list(`kubelet/${clusterUid}/images/${node}/`).entries)
    if (key.includes('/amazon-k8s-cni:')) store.delete(key)
}
