export { capacityProviderController } from './capacity-controller.ts'
export { isEcrImage } from './definition-rules.ts'
export { taskReaches } from './egress.ts'
export { registerExternal } from './external.ts'
export { containerInstanceController } from './instance-controller.ts'
export { needsOf } from './instance-resources.ts'
export type * from './records.ts'
export { type ContainerState, type TaskRunner, TaskStartError } from './runner.ts'
export { ecsService } from './service.ts'
export { behindProxy, isProxyAddress, proxyAddress } from './service-connect.ts'
export { serviceController } from './service-controller.ts'
export { countOf } from './service-output.ts'
export {
  clusters,
  containerInstances,
  definitionByArn,
  services,
  taskDefinitions,
  tasks,
  tasksOf,
} from './tables.ts'
export { taskController } from './task-controller.ts'
export { instanceOf } from './task-network.ts'
