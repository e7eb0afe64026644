import { timestamp } from '../../time.ts'
import { trackUpdate } from '../apply/managed-fields.ts'
import type { Obj } from '../json.ts'
import { apiVersionOf } from '../kinds/kind.ts'
import { modelOf } from '../schema/schema.ts'
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
  manage: managerOf(objects, call, query.fieldManager, 'Update'),
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

/** Notes in `metadata.managedFields` what this request changes. */
export function managerOf(objects: Objects, call: Call, given: string, operation: 'Update') {
  const { world, schema } = objects.context
  const entry = {
    manager: managerName(call, given),
    operation,
    apiVersion: apiVersionOf(call.stored),
    time: timestamp(world.clock.now()),
    ...(call.subresource && { subresource: call.subresource.name }),
  }
  return (object: Obj, old: Obj | undefined) => trackUpdate(modelOf(schema, call.stored), object, old, entry)
}
