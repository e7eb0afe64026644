export { applicationAutoScalingController } from './controller.ts'
export { applicationAutoScalingService } from './service.ts'
