import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { exportPerson } from '#classroom/personal-data.ts'
import type { Database } from '#database/database.ts'
import type { SessionRecords } from './session-records.ts'

/** Answers with everything that is kept of a person, as one JSON; `recordings` comes in pieces, because it may be long. */
export async function sendExport(
  reply: FastifyReply,
  { database, records }: { database: Database; records: SessionRecords },
  person: string,
): Promise<FastifyReply> {
  const data = await exportPerson(database, person)
  async function* pieces() {
    yield `${JSON.stringify(data).slice(0, -1)},"recordings":`
    yield* records.everything(person)
    yield '}'
  }
  return reply
    .type('application/json; charset=utf-8')
    .header('content-disposition', 'attachment; filename="drydock-person.json"')
    .send(Readable.from(pieces()))
}
