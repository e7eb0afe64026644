import type { Scope } from '../ec2/index.ts'
import { countEvents } from './metric-filters.ts'
import type { LogStreamRecord } from './records.ts'
import { appendEvents } from './tables.ts'

/** Takes new events of a stream: keeps them, and lets the group's metric filters count them. */
export function ingestEvents(
  scope: Scope,
  stream: LogStreamRecord,
  added: { timestamp: number; message: string }[],
): void {
  appendEvents(scope, stream, added)
  countEvents(scope, stream.group, added)
}
