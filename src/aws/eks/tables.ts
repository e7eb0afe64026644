import type { Scope } from '../ec2/index.ts'
import { awsKey, awsPrefix } from '../keys.ts'
import type * as r from './records.ts'

/** Records of one kind under a name, or a cluster's name and their own. */
class Table<T> {
  readonly folder: string
  constructor(folder: string) {
    this.folder = folder
  }
  key(scope: Scope, ...path: string[]): string {
    return awsKey(scope.accountId, scope.region, 'eks', this.folder, path.map(encodeURIComponent).join('/'))
  }
  find(scope: Scope, ...path: string[]): T | undefined {
    return scope.world.store.get<T>(this.key(scope, ...path))?.value
  }
  /** In the order of names; those of one cluster when its name is given. */
  list(scope: Scope, ...path: string[]): T[] {
    const folder = [this.folder, ...path.map(encodeURIComponent)].join('/')
    return scope.world.store.values<T>(awsPrefix(scope.accountId, scope.region, 'eks', folder))
  }
  put(scope: Scope, record: T, ...path: string[]): T {
    scope.world.store.put(this.key(scope, ...path), record)
    return record
  }
  delete(scope: Scope, ...path: string[]): void {
    scope.world.store.delete(this.key(scope, ...path))
  }
}

export const clusters = new Table<r.ClusterRecord>('clusters')
export const nodegroups = new Table<r.NodegroupRecord>('nodegroups')
export const accessEntries = new Table<r.AccessEntryRecord>('access-entries')
export const addonRecords = new Table<r.AddonRecord>('addons')
export const updates = new Table<r.UpdateRecord>('updates')
export const nodes = new Table<r.NodeRecord>('nodes')
export const podIdentities = new Table<r.PodIdentityRecord>('pod-identities')
export const fargateProfiles = new Table<r.FargateProfileRecord>('fargate-profiles')
/** PEM private keys of the clusters' CAs, by cluster uid. */
export const authorityKeys = new Table<string>('authority-keys')

/** Stores a cluster record. */
export const putCluster = (scope: Scope, record: r.ClusterRecord) => clusters.put(scope, record, record.name)

/** Stores a node group record. */
export const putNodegroup = (scope: Scope, record: r.NodegroupRecord) =>
  nodegroups.put(scope, record, record.clusterName, record.name)

export const eksArn = (scope: Scope, ...path: string[]) =>
  `arn:aws:eks:${scope.region}:${scope.accountId}:${path.join('/')}`
