import type { Scope } from '../ec2/index.ts'
import { AwsError } from '../wire/service.ts'
import type { ClusterRecord, NodegroupRecord } from './records.ts'
import { clusters, nodegroups } from './tables.ts'

// Texts as people report them for the EKS API, e.g. in the issues of terraform-provider-aws and eksctl (read 2026-11-21).

type Fields = Record<string, unknown>

export const invalidParameter = (message: string, fields: Fields = {}) =>
  new AwsError('InvalidParameterException', message, { fields })

export const invalidRequest = (message: string, fields: Fields = {}) =>
  new AwsError('InvalidRequestException', message, { fields })

export const inUse = (message: string, fields: Fields = {}) =>
  new AwsError('ResourceInUseException', message, { status: 409, fields })

export const notFound = (message: string, fields: Fields = {}) =>
  new AwsError('ResourceNotFoundException', message, { status: 404, fields })

export const notSimulated = (what: string) =>
  new AwsError('NotImplemented', `Drydock does not simulate ${what}. FIDELITY.md lists what is simulated.`, {
    status: 501,
  })

/** A cluster by name. Throws ResourceNotFoundException. */
export function requireCluster(scope: Scope, name: string | undefined): ClusterRecord {
  const cluster = clusters.find(scope, name ?? '')
  if (!cluster) throw notFound(`No cluster found for name: ${name}.`, { clusterName: name })
  return cluster
}

/** A cluster that can be worked with. Throws when it is not ACTIVE. */
export function requireActiveCluster(scope: Scope, name: string | undefined): ClusterRecord {
  const cluster = requireCluster(scope, name)
  if (cluster.status !== 'ACTIVE') {
    throw invalidRequest(`Cluster '${name}' is not in ACTIVE status`, { clusterName: name })
  }
  return cluster
}

/** Throws ResourceNotFoundException. */
export function requireNodegroup(scope: Scope, clusterName: string, name: string): NodegroupRecord {
  const nodegroup = nodegroups.find(scope, clusterName, name)
  if (nodegroup) return nodegroup
  requireCluster(scope, clusterName)
  throw notFound(`No node group found for name: ${name}.`, { clusterName, nodegroupName: name })
}
