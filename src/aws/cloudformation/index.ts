export { driftController } from './drift/controller.ts'
export type { Invoke } from './engine/calls.ts'
export { cloudFormationController } from './engine/controller.ts'
export { cloudFormationService } from './service.ts'
