export { createLogGroup, createLogStream, groupArn } from './groups.ts'
export type * from './records.ts'
export { logsService } from './service.ts'
export { appendEvents, eventsOf, groups, streams } from './tables.ts'
