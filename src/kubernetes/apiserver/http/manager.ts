import { trackerOf } from '../apply/tracker.ts'
import type { Objects, WriteOptions } from '../storage/objects.ts'
import type { Call } from './call.ts'
import type { WriteQuery } from './options.ts'
import { warn } from './reply.ts'

/** The manager's name when a request gives none: the program in its user agent. */
const fromUserAgent = (agent: string | undefined) => (agent ?? 'unknown').split('/')[0]!.slice(0, 128)

export const managerName = (call: Call, given: string): string =>
  given || fromUserAgent(call.req.headers['user-agent'])

/** The options of a write that a request asks for. */
export const writeOptions = (
  call: Call,
  objects: Objects,
  query: Pick<WriteQuery, 'dryRun' | 'fieldManager'>,
): WriteOptions => ({
  ...requestOptions(call, query.dryRun),
  manage: trackerOf(
    objects.context,
    call.stored,
    managerName(call, query.fieldManager),
    call.subresource?.name,
  ),
})

/** As `writeOptions`, where nobody comes to own a field. */
export const requestOptions = (call: Call, dryRun: boolean): WriteOptions => ({
  user: call.user,
  dryRun,
  warn: (text) => warn(call.res, text),
  annotate(key, value) {
    // As upstream: an annotation is never written over.
    if (!call.annotations.has(key)) call.annotations.set(key, value)
  },
  answers: call.answers,
})
