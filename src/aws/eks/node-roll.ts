import { findGroup } from '../autoscaling/index.ts'
import { launchMark } from '../autoscaling/launch-spec.ts'
import { putGroup } from '../autoscaling/tables.ts'
import { type Scope, terminateInstance } from '../ec2/index.ts'
import { launchOf } from './node-machines.ts'
import type { NodeWatch } from './nodegroup-controller.ts'
import type { ClusterRecord, NodegroupRecord, NodeRecord } from './records.ts'
import { nodes } from './tables.ts'

/** How long EKS waits for the pods of one node to go (docs: managed-node-update-behavior, read 2026-11). */
const EVICTION_LIMIT_MS = 900_000

/** How far a roll has come. */
export type Roll = 'under way' | 'done' | { failed: { code: string; message: string; resourceIds: string[] } }

/**
 * One step of a node group's update to its version: nodes of another image or launch template are drained, as many at once as its update
 * configuration allows, and ended; the Auto Scaling group brings up new ones in their place.
 * https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
 */
export function rollNodes(
  scope: Scope,
  cluster: ClusterRecord,
  nodegroup: NodegroupRecord,
  force: boolean,
  watch: NodeWatch | undefined,
): Roll {
  const present = useLaunch(scope, cluster, nodegroup)
  const own = nodes.list(scope, cluster.name).filter((node) => node.nodegroupName === nodegroup.name)
  const outdated = own.filter(({ instanceId }) => !present.has(instanceId))
  const fresh = own.filter((node) => !outdated.includes(node))
  const ready = fresh.filter(({ name }) => !watch || watch.ready(cluster.uid, [name]))
  for (const node of outdated.filter(({ draining }) => draining)) {
    if (!watch || watch.drained(cluster.uid, node.name)) terminateInstance(scope, node.instanceId)
    else if (!force && scope.world.clock.now() - (node.drainingSince ?? 0) > EVICTION_LIMIT_MS)
      return giveUp(scope, nodegroup, outdated)
  }
  const waiting = outdated.filter(({ draining }) => !draining)
  if (outdated.length === 0 && ready.length >= nodegroup.scaling.desiredSize) return 'done'
  const missing = nodegroup.scaling.desiredSize - ready.length - waiting.length
  const room = Math.max(0, atOnce(nodegroup) - Math.max(0, missing))
  for (const node of waiting.slice(0, room)) {
    const next: NodeRecord = {
      ...node,
      draining: true,
      drainingSince: scope.world.clock.now(),
      keepBudgets: !force,
    }
    nodes.put(scope, next, node.clusterName, node.instanceId)
  }
  return 'under way'
}

/** From now on new machines start from what the node group is to be; gives those that have already. */
function useLaunch(scope: Scope, cluster: ClusterRecord, nodegroup: NodegroupRecord): Set<string> {
  const found = findGroup(scope, nodegroup.autoScalingGroup)
  if (!found) return new Set()
  const launch = launchOf(scope, cluster, nodegroup)
  const isSame = JSON.stringify(launch) === JSON.stringify(found.launch)
  const group = isSame ? found : putGroup(scope, { ...found, launch })
  const mark = launchMark(scope, group)
  return new Set(group.instances.filter(({ launched }) => launched === mark).map(({ id }) => id))
}

/** Nodes that may be away at the same time; at least one. */
function atOnce({ updateConfig, scaling }: NodegroupRecord): number {
  const { maxUnavailable, maxUnavailablePercentage } = updateConfig
  if (maxUnavailablePercentage !== undefined)
    return Math.max(1, Math.ceil((scaling.desiredSize * maxUnavailablePercentage) / 100))
  return maxUnavailable ?? 1
}

/** Nodes whose pods would not go take work again. */
function giveUp(scope: Scope, nodegroup: NodegroupRecord, outdated: NodeRecord[]): Roll {
  const held = outdated.filter(({ draining }) => draining)
  for (const node of held) {
    const { drainingSince: _, keepBudgets: __, ...rest } = node
    nodes.put(scope, { ...rest, draining: false }, node.clusterName, node.instanceId)
  }
  return {
    failed: {
      code: 'PodEvictionFailure',
      message: `Reached max retries while trying to evict pods from nodes in node group ${nodegroup.name}`,
      resourceIds: held.map(({ name }) => name),
    },
  }
}
