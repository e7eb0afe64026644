import type { ClusterRecord } from '#aws/eks/index.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import { CLASSES, type NodeClass, type NodePool, POOLS } from './kinds.ts'

const isIn = (key: string, ...values: string[]) => ({ key, operator: 'In', values })

/** Only on demand; families C, M and R from generation 5 on: https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html (read 2026-11). */
function builtInPool(name: string): NodePool {
  const system = name === 'system'
  return {
    apiVersion: 'karpenter.sh/v1',
    kind: 'NodePool',
    metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'eks' } },
    spec: {
      disruption: {
        budgets: [{ nodes: '10%' }],
        consolidateAfter: '30s',
        consolidationPolicy: 'WhenEmptyOrUnderutilized',
      },
      template: {
        metadata: {},
        spec: {
          expireAfter: '336h',
          nodeClassRef: { group: 'eks.amazonaws.com', kind: 'NodeClass', name: 'default' },
          requirements: [
            isIn('karpenter.sh/capacity-type', 'on-demand'),
            isIn('eks.amazonaws.com/instance-category', 'c', 'm', 'r'),
            { key: 'eks.amazonaws.com/instance-generation', operator: 'Gt', values: ['4'] },
            isIn('kubernetes.io/arch', 'amd64', ...(system ? ['arm64'] : [])),
            isIn('kubernetes.io/os', 'linux'),
          ],
          ...(system && { taints: [{ key: 'CriticalAddonsOnly', effect: 'NoSchedule' }] }),
          terminationGracePeriod: '24h0m0s',
        },
      },
    },
  }
}

function defaultClass(cluster: ClusterRecord): NodeClass {
  return {
    apiVersion: 'eks.amazonaws.com/v1',
    kind: 'NodeClass',
    metadata: { name: 'default', labels: { 'app.kubernetes.io/managed-by': 'eks' } },
    spec: {
      role: cluster.autoMode!.nodeRoleArn!.split('/').at(-1)!,
      securityGroupSelectorTerms: [{ id: cluster.clusterSecurityGroupId! }],
      subnetSelectorTerms: cluster.subnetIds.map((id) => ({ id })),
    },
  }
}

/** Brings the pools of EKS's own and their class into a cluster as it is configured, and takes them out. */
export function ensureBuiltIn(client: ClusterApi, cluster: ClusterRecord, wanted: readonly string[]): void {
  if (wanted.length > 0 && !client.get(CLASSES, '', 'default')) client.create(CLASSES, defaultClass(cluster))
  for (const name of wanted) if (!client.get(POOLS, '', name)) client.create(POOLS, builtInPool(name))
  for (const { metadata } of client.list<NodePool>(POOLS)) {
    const own = metadata.labels?.['app.kubernetes.io/managed-by'] === 'eks'
    if (own && !wanted.includes(metadata.name) && !metadata.deletionTimestamp)
      client.delete(POOLS, '', metadata.name)
  }
}
