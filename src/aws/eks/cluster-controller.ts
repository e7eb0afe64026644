import type { Controller, Result } from '#world/controller.ts'
import type { World } from '#world/world.ts'
import { type Scope, scopeOfKey } from '../ec2/index.ts'
import { endAutoMachines } from './auto-machines.ts'
import { removeClusterNetwork } from './cluster-network.ts'
import { durations } from './data/durations.ts'
import { versionInfo } from './data/versions.ts'
import type { AddonRecord, ClusterRecord, Issue } from './records.ts'
import {
  accessEntries,
  addonRecords,
  authorityKeys,
  clusters,
  fargateProfiles,
  nodes,
  podIdentities,
  putCluster,
  updates,
} from './tables.ts'
import { endUpdate } from './updates.ts'
import { wait } from './wait.ts'

const KEY = /^aws\/[^/]+\/[^/]+\/eks\/(clusters|addons|fargate-profiles)\//

/** What EKS asks the cluster about its add-ons. */
export interface AddonWatch {
  /** What kept the objects of an add-on from being applied as its record has it; undefined: they are not applied yet. */
  outcome(cluster: ClusterRecord, addon: AddonRecord): Issue[] | undefined
  /** Whether the objects of an add-on that goes have been seen to. */
  removed(cluster: ClusterRecord, addon: AddonRecord): boolean
}

/** Moves clusters, add-ons and Fargate profiles through their states as time passes. */
export function clusterController(world: World, addons?: AddonWatch): Controller {
  return {
    name: 'eks-clusters',
    sources: [{ prefix: 'aws/', keys: ({ key }) => (KEY.test(key) ? [key] : []) }],
    reconcile(key) {
      const scope = scopeOfKey(world, key)
      const [folder, ...path] = key.split('/').slice(4).map(decodeURIComponent)
      if (folder === 'clusters') return reconcileCluster(scope, path[0]!)
      return folder === 'addons'
        ? reconcileAddon(scope, path[0]!, path[1]!, addons)
        : reconcileProfile(scope, path[0]!, path[1]!)
    },
  }
}

function reconcileCluster(scope: Scope, name: string): Result | undefined {
  const cluster = clusters.find(scope, name)
  if (!cluster) return undefined
  switch (cluster.status) {
    case 'CREATING':
      return wait(scope, cluster.since, durations.clusterCreate) ?? activate(scope, cluster)
    case 'UPDATING': {
      const update = cluster.updateId ? updates.find(scope, name, cluster.updateId) : undefined
      const isVersion = update?.type === 'VersionUpdate' || update?.type === 'VersionRollback'
      const duration = isVersion ? durations.clusterVersionUpdate : durations.clusterConfigUpdate
      const waiting = wait(scope, cluster.since, duration)
      if (waiting) return waiting
      endUpdate(scope, name, cluster.updateId)
      const version = isVersion ? update.params.find(({ type }) => type === 'Version')?.value : undefined
      const next = version ? atVersion(cluster, version, scope.world.clock.now()) : cluster
      return activate(scope, { ...next, updateId: undefined })
    }
    case 'DELETING':
      return wait(scope, cluster.since, durations.clusterDelete) ?? remove(scope, cluster)
  }
  return undefined
}

function atVersion({ upgraded, ...cluster }: ClusterRecord, version: string, now: number): ClusterRecord {
  const { gitVersion, platformVersion } = versionInfo(version)!
  const isRollback = version === upgraded?.from
  return {
    ...cluster,
    version,
    gitVersion,
    platformVersion,
    ...(!isRollback && { upgraded: { from: cluster.version, at: now } }),
  }
}

function activate(scope: Scope, cluster: ClusterRecord): undefined {
  putCluster(scope, { ...cluster, status: 'ACTIVE', since: scope.world.clock.now() })
}

function remove(scope: Scope, cluster: ClusterRecord): undefined {
  endAutoMachines(scope, cluster)
  removeClusterNetwork(scope, cluster)
  const { name } = cluster
  for (const { principalArn } of accessEntries.list(scope, name))
    accessEntries.delete(scope, name, principalArn)
  for (const { name: addon } of addonRecords.list(scope, name)) addonRecords.delete(scope, name, addon)
  for (const { id } of updates.list(scope, name)) updates.delete(scope, name, id)
  for (const { instanceId } of nodes.list(scope, name)) nodes.delete(scope, name, instanceId)
  for (const { id } of podIdentities.list(scope, name)) podIdentities.delete(scope, name, id)
  authorityKeys.delete(scope, cluster.uid)
  clusters.delete(scope, name)
}

function reconcileAddon(
  scope: Scope,
  clusterName: string,
  name: string,
  watch: AddonWatch | undefined,
): Result | undefined {
  const addon = addonRecords.find(scope, clusterName, name)
  const cluster = clusters.find(scope, clusterName)
  if (!addon || !cluster || !['CREATING', 'UPDATING', 'DELETING'].includes(addon.status)) return undefined
  const waiting = wait(scope, addon.since, durations.addonCreate)
  if (waiting) return waiting
  if (addon.status === 'DELETING') {
    if (watch && !watch.removed(cluster, addon)) return { requeueAfterMs: ADDON_POLL_MS }
    return void addonRecords.delete(scope, clusterName, name)
  }
  const issues = watch ? watch.outcome(cluster, addon) : []
  if (!issues) return { requeueAfterMs: ADDON_POLL_MS }
  const failed = issues.length > 0
  endUpdate(scope, clusterName, addon.updateId, failed ? issues : undefined)
  const now = scope.world.clock.now()
  const { before, updateId, ...rest } = addon
  const next: AddonRecord = {
    ...rest,
    ...(failed && before),
    status: failed ? (updateId ? 'UPDATE_FAILED' : 'CREATE_FAILED') : 'ACTIVE',
    issues,
    since: now,
    modifiedAt: now,
  }
  addonRecords.put(scope, next, clusterName, name)
  return undefined
}

const ADDON_POLL_MS = 200

/** A profile that goes waits until none of its pods is left. */
function reconcileProfile(scope: Scope, clusterName: string, name: string): Result | undefined {
  const profile = fargateProfiles.find(scope, clusterName, name)
  if (!profile || profile.status === 'ACTIVE') return undefined
  const waiting = wait(scope, profile.since, durations.fargateProfile)
  if (waiting) return waiting
  if (profile.status === 'CREATING') {
    const active = { ...profile, status: 'ACTIVE' as const, since: scope.world.clock.now() }
    fargateProfiles.put(scope, active, clusterName, name)
    return undefined
  }
  const busy = nodes.list(scope, clusterName).some(({ fargateProfile }) => fargateProfile === name)
  if (busy) return { requeueAfterMs: PROFILE_POLL_MS }
  fargateProfiles.delete(scope, clusterName, name)
  return undefined
}

const PROFILE_POLL_MS = 1000
