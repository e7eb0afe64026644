/**
 * How long EKS takes, ms. Provisioning, so divided by the world's provisioning speed.
 * An update of a cluster takes “several minutes” by the EKS user guide (update-cluster, read 2026-11-28); people report 8-12 for a
 * cluster and 2-3 for a node group. The other times are from knowledge.
 */
export const durations = {
  clusterCreate: 600_000,
  clusterDelete: 180_000,
  clusterVersionUpdate: 600_000,
  clusterConfigUpdate: 180_000,
  nodegroupCreate: 150_000,
  nodegroupDelete: 150_000,
  nodegroupUpdate: 60_000,
  /** From `running` until the kubelet has registered. */
  nodeJoin: 30_000,
  /** How long EKS waits for nodes that never join before it gives up: about 25 minutes. */
  nodegroupGiveUp: 1_500_000,
  addonCreate: 30_000,
  fargateProfile: 60_000,
  /** From a pod that nobody has to its node of Fargate. */
  fargateNode: 45_000,
}
