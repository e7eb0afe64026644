export { cloudTrailService } from './service.ts'
export { Trail } from './trail.ts'
