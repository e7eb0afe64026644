import type { RequestContext } from '../wire/service.ts'
import { versionInfo } from './data/versions.ts'
import { invalidRequest, notSimulated } from './errors.ts'
import type { ClusterRecord } from './records.ts'

// Conditions: https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html (read 2026-11); the texts are our own.

/** How long after an upgrade a cluster may go back. */
const WINDOW_MS = 7 * 24 * 3_600_000

/** The version that a cluster may be rolled back to now, if there is one. */
export const rollbackVersion = ({ upgraded }: ClusterRecord, now: number): string | undefined =>
  upgraded && now - upgraded.at <= WINDOW_MS ? upgraded.from : undefined

/** Throws InvalidRequestException for a cluster that cannot go back to the minor version before, by force or without. */
export function checkRollback(context: RequestContext, cluster: ClusterRecord, version: string): void {
  const { name, upgraded } = cluster
  const now = context.world.clock.now()
  const refuse = (why: string) =>
    invalidRequest(
      `Cluster ${name} cannot be rolled back from version ${cluster.version} to ${version}: ${why}`,
      {
        clusterName: name,
      },
    )
  if (upgraded?.from !== version) throw refuse('it was not upgraded to its present version in place.')
  if (rollbackVersion(cluster, now) !== version)
    throw refuse('more than 7 days have passed since the upgrade completed.')
  const isExtended = now >= Date.parse(versionInfo(version)!.endOfStandardSupport)
  if (isExtended && cluster.supportType !== 'EXTENDED')
    throw refuse('that version is in extended support, and the upgrade policy of the cluster is STANDARD.')
  if (cluster.autoMode?.enabled) throw notSimulated('the rollback of clusters with EKS Auto Mode')
}
