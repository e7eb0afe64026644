export { type AddonWatch, clusterController } from './cluster-controller.ts'
export { versionInfo } from './data/versions.ts'
export {
  type AccessRequest,
  type AwsAuth,
  accessPolicyDecision,
  type KubernetesUser,
  kubernetesUser,
} from './kubernetes-access.ts'
export { type NodeWatch, nodegroupController } from './nodegroup-controller.ts'
export type * from './records.ts'
export { selfManagedController } from './self-managed.ts'
export { eksService } from './service.ts'
export { accessEntries, authorityKeys, clusters, nodegroups, nodes } from './tables.ts'
