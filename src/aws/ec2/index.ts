export { availableAddresses, privateDnsName } from './addresses.ts'
export { bootstrapRegion } from './bootstrap.ts'
export { type InstanceTypeInfo, instanceTypes, SPOT_SHARE } from './data/instance-types.ts'
export { endAt, endpointAddress, hostPath, withoutNames } from './host-path.ts'
export { imageById, isEksSystem, ROOT_DEVICE, systemOf } from './images.ts'
export { createInterface, removeInterface } from './interfaces.ts'
export {
  type LaunchOptions,
  type LaunchVolume,
  launchInstances,
  terminateInstance,
} from './launch.ts'
export { type LaunchFields, launchFields } from './launch-fields.ts'
export { lifecycleController } from './lifecycle.ts'
export { allocatePodAddress, releasePodAddress, releasePodsOf } from './pod-addresses.ts'
export { imageForAutoMode, imageForEks } from './public-images.ts'
export { type End, endOfInstance, type InsideEnd, type Path, reach } from './reach.ts'
export type * from './records.ts'
export { isRegion, regionNames } from './regions.ts'
export { internetPath, routeTableOf } from './route-tables.ts'
export { ec2Arn, type Scope, scopeOfKey } from './scope.ts'
export { rulesOf } from './security-groups.ts'
export { ec2Service } from './service.ts'
export * as tables from './tables.ts'
export { dhcpNames, dnsSupport, namesIn } from './vpc-names.ts'
