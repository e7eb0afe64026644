import type { Classroom } from '#classroom/classroom.ts'
import { forgetPerson } from '#classroom/personal-data.ts'
import type { Database } from '#database/database.ts'
import type { Sessions } from '#database/sessions.ts'
import type { LabSessions } from './lab-sessions.ts'
import type { Connections } from './security/connections.ts'
import type { SessionRecords } from './session-records.ts'

export interface PersonStores {
  database: Database
  signedIn: Pick<Sessions, 'deleteAll'>
  sessions: Pick<LabSessions, 'forget'>
  connections: Connections
  classroom: Classroom
  records: SessionRecords
}

/**
 * Deletes a person with worlds, homes, terminals and all that is kept of them, and ends what they have open. They are signed out
 * first: what their pages ask meanwhile must not make anew what has just gone.
 */
export async function removePerson(stores: PersonStores, id: string): Promise<void> {
  const { database, signedIn, sessions, connections, classroom, records } = stores
  await signedIn.deleteAll(id)
  connections.endPerson(id)
  for (const role of ['learner', 'instructor'] as const)
    for (const cohort of await classroom.cohorts.list({ person: id, role }))
      await classroom.remove(cohort, id)
  await sessions.forget(id)
  await records.forget(id)
  await forgetPerson(database, id)
  classroom.looks.endWhere((look) => look.person === id)
}
