import type { Scope } from '../ec2/index.ts'
import type { AccessEntryRecord } from './records.ts'
import { accessEntries, eksArn } from './tables.ts'

/** `arn:aws:iam::…:role/path/name` → its kind and its name without path. */
export function principalParts(arn: string): { kind: string; name: string } {
  const [kind = '', ...path] = arn.slice(arn.lastIndexOf(':') + 1).split('/')
  return { kind, name: path.at(-1) ?? kind }
}

/** User name that EKS gives an entry when none is set: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html */
export function defaultUsername(principalArn: string, type: string): string {
  if (type === 'EC2_LINUX' || type === 'EC2_WINDOWS') return 'system:node:{{EC2PrivateDNSName}}'
  const { kind, name } = principalParts(principalArn)
  if (kind !== 'role') return principalArn
  const account = principalArn.split(':')[4]
  return `arn:aws:sts::${account}:assumed-role/${name}/{{SessionName}}`
}

/** Stores an entry, filling in what EKS makes up. */
export function putEntry(
  scope: Scope,
  entry: Pick<AccessEntryRecord, 'clusterName' | 'principalArn' | 'type'> & Partial<AccessEntryRecord>,
): AccessEntryRecord {
  const uid = entry.uid ?? scope.world.ids.uuid()
  const now = scope.world.clock.now()
  const { kind, name } = principalParts(entry.principalArn)
  const record: AccessEntryRecord = {
    arn: eksArn(scope, 'access-entry', entry.clusterName, kind, scope.accountId, name, uid),
    username: defaultUsername(entry.principalArn, entry.type),
    kubernetesGroups: entry.type === 'STANDARD' ? [] : ['system:nodes'],
    policies: [],
    tags: {},
    createdAt: now,
    ...entry,
    uid,
    modifiedAt: now,
  }
  return accessEntries.put(scope, record, entry.clusterName, entry.principalArn)
}
