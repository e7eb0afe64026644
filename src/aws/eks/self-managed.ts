import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { writeConsole } from '../ec2/console.ts'
import { type InstanceRecord, isEksSystem, type Scope, scopeOfKey, systemOf, tables } from '../ec2/index.ts'
import { durations } from './data/durations.ts'
import { nodeRefusal, roleOfInstance } from './node-access.ts'
import { bootOf } from './node-boot.ts'
import type { NodeConfig } from './node-config.ts'
import { NODEGROUP_TAG, nodeRecord } from './node-records.ts'
import type { NodeWatch } from './nodegroup-controller.ts'
import type { ClusterRecord, NodeRecord } from './records.ts'
import { clusters, nodes } from './tables.ts'
import { wait } from './wait.ts'

const INSTANCE_KEY = /^aws\/[^/]+\/[^/]+\/ec2\/instances\/([^/]+)$/
/** How often a kubelet that was turned away tries again, ms. */
const RETRY_MS = 10_000

/** Makes the machines that nobody manages nodes of the clusters that their user data names, when those let them in. */
export function selfManagedController(world: World, watch?: NodeWatch): Controller {
  return {
    name: 'eks-self-managed-nodes',
    sources: [{ prefix: 'aws/', keys: ({ key }) => (INSTANCE_KEY.test(key) ? [key] : []) }],
    reconcile: (key) => reconcile(scopeOfKey(world, key), INSTANCE_KEY.exec(key)![1]!, watch),
  }
}

function reconcile(scope: Scope, id: string, watch: NodeWatch | undefined): Result | undefined {
  const instance = tables.instances.find(scope, id)
  if (instance?.tags[NODEGROUP_TAG] !== undefined) return undefined
  if (instance?.state !== 'running') return forget(scope, id)
  if (!isEksSystem(systemOf(scope, instance))) return undefined
  const waiting = wait(scope, instance.since, durations.nodeJoin)
  if (waiting) return waiting
  const boot = bootOf(scope, instance)
  return boot && join(scope, boot.cluster, instance, boot.config, watch)
}

function join(
  scope: Scope,
  cluster: ClusterRecord,
  instance: InstanceRecord,
  config: NodeConfig,
  watch: NodeWatch | undefined,
): Result {
  const before = nodes.find(scope, cluster.name, instance.id)
  const roleArn = roleOfInstance(scope, instance)
  // The token of a kubelet that was told another cluster's name is not good here.
  const refusal =
    config.name === cluster.name
      ? nodeRefusal(scope, cluster, instance, roleArn, watch?.awsAuth(cluster.uid))
      : `kubelet: "Unable to register node with API server" err="Unauthorized" node="${instance.privateDnsName}"`
  if (refusal) {
    writeConsole(scope, instance.id, refusal)
    if (before) put(scope, { ...before, connected: false }, before)
    return { requeueAfterMs: RETRY_MS }
  }
  if (!before)
    writeConsole(
      scope,
      instance.id,
      `kubelet: "Successfully registered node" node="${instance.privateDnsName}"`,
    )
  const record = nodeRecord(scope, cluster, instance, before, {
    roleArn: roleArn!,
    labels: config.labels,
    taints: config.taints,
    version: cluster.version,
    maxPods: config.maxPods,
  })
  put(scope, record, before)
  // Access, roles and routes change without a word to the machine: its kubelet notices when it next speaks.
  return { requeueAfterMs: RETRY_MS }
}

function put(scope: Scope, node: NodeRecord, before: NodeRecord | undefined): void {
  if (JSON.stringify(node) !== JSON.stringify(before))
    nodes.put(scope, node, node.clusterName, node.instanceId)
}

/** A machine that is gone is nobody's node. Managed ones are their node group's business. */
function forget(scope: Scope, id: string): undefined {
  for (const { name } of clusters.list(scope)) {
    const node = nodes.find(scope, name, id)
    if (node && node.nodegroupName === '') nodes.delete(scope, name, id)
  }
}
