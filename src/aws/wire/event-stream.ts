import { EventStreamCodec } from '@smithy/core/event-streams'
import { writeJson } from './json.ts'
import type { Shape, StructShape } from './shape.ts'

/** The events of an answer that goes on: each an object with one member, the event's kind. */
export type Events = AsyncIterable<Record<string, unknown>>

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

const isEvents = (value: unknown): value is Events =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

/** The events of an output, with their shape; undefined: it has none. */
export function eventsOf(
  shape: Shape,
  output: Record<string, unknown>,
): { shape: StructShape; events: Events } | undefined {
  if (shape.kind !== 'struct') return undefined
  for (const member of shape.members) {
    const value = output[member.name]
    if (isEvents(value) && member.shape.kind === 'struct') return { shape: member.shape, events: value }
  }
  return undefined
}

/** An output without its events, as it is told of. */
export const withoutEvents = (output: Record<string, unknown>): Record<string, unknown> =>
  Object.values(output).some(isEvents)
    ? Object.fromEntries(Object.entries(output).filter(([, value]) => !isEvents(value)))
    : output

/** Events as `application/vnd.amazon.eventstream`: https://smithy.io/2.0/aws/amazon-eventstream.html; with RPC protocols an `initial-response` comes first. */
export async function* encodeEvents(shape: StructShape, events: Events): AsyncGenerator<Uint8Array> {
  yield message('initial-response', {})
  for await (const event of events)
    for (const member of shape.members)
      if (event[member.name] !== undefined)
        yield message(member.jsonName, writeJson(member.shape, event[member.name]))
}

function message(kind: string, body: unknown): Uint8Array {
  const text = (value: string) => ({ type: 'string' as const, value })
  const exception = kind.endsWith('Exception')
  return codec.encode({
    headers: {
      [exception ? ':exception-type' : ':event-type']: text(kind),
      ':content-type': text('application/json'),
      ':message-type': text(exception ? 'exception' : 'event'),
    },
    body: Buffer.from(JSON.stringify(body), 'utf8'),
  })
}
