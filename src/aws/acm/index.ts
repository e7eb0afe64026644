export type * from './records.ts'
export { acmService } from './service.ts'
