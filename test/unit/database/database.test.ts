import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../../src/checks/finding.ts'
import { DueDates } from '../../../src/classroom/due-dates.ts'
import { exportPerson, forgetPerson } from '../../../src/classroom/personal-data.ts'
import { DatabaseAway } from '../../../src/database/away.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { StartedLabs } from '../../../src/database/labs.ts'
import { up as reminderWays } from '../../../src/database/migrations/0009-reminder-ways.ts'
import { People, type Person } from '../../../src/database/people.ts'
import { DatabaseProgress } from '../../../src/database/progress.ts'
import { Sessions } from '../../../src/database/sessions.ts'
import { Statements } from '../../../src/database/statements.ts'
import { TerminalRecords } from '../../../src/database/terminals.ts'
import { TestPostgres } from '../../support/postgres.ts'

function report(step: string, status: CheckReport['status'], at: number): CheckReport {
  return { lab: 'lab', step, status, findings: [], at, duration: 1 }
}

let postgres: TestPostgres

beforeAll(async () => {
  postgres = await TestPostgres.start()
})
afterAll(() => postgres.close())

describe.each(['SQLite', 'PostgreSQL'])('on %s', (kind) => {
  let folder: string
  /** What `openDatabase` is given. */
  let location: string
  let database: Database

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'drydock-database-'))
    location = kind === 'SQLite' ? join(folder, 'drydock.db') : await postgres.database()
    database = await openDatabase(location)
  })

  afterEach(async () => {
    await database.destroy()
    await rm(folder, { recursive: true, force: true })
  })

  describe('progress', () => {
    it('keeps the latest report, the time of the first pass, and since when it says the same', async () => {
      const progress = new DatabaseProgress(database)
      await progress.record('me', report('one', 'failed', 1))
      await progress.record('me', report('one', 'passed', 2))
      await progress.record('me', report('one', 'failed', 3))
      const after = await progress.record('me', report('one', 'failed', 4))
      expect(after).toEqual({ one: { report: report('one', 'failed', 4), passedAt: 2, since: 3 } })
      expect(await progress.read('me', 'lab')).toEqual(after)
      expect(await progress.passed('me')).toEqual(new Map([['lab', 1]]))
    })

    it('is one learner’s and one lab’s', async () => {
      const progress = new DatabaseProgress(database)
      await progress.record('me', report('one', 'passed', 1))
      await progress.record('you', report('one', 'failed', 1))
      await progress.reset('me', 'lab')
      expect(await progress.read('me', 'lab')).toEqual({})
      expect(await progress.read('you', 'lab')).toHaveProperty('one')
    })

    it('survives a kill of the process, whatever was acknowledged', async () => {
      const program = `
      import { openDatabase } from '${join(import.meta.dirname, '../../../src/database/database.ts')}'
      import { DatabaseProgress } from '${join(import.meta.dirname, '../../../src/database/progress.ts')}'
      const progress = new DatabaseProgress(await openDatabase('${location}'))
      for (let n = 0; ; n++) {
        await progress.record('me', { lab: 'lab', step: 's' + n, status: 'passed', findings: [], at: n, duration: 1 })
        process.stdout.write(n + '\\n')
      }`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      for await (const chunk of child.stdout) {
        output += chunk
        if (output.split('\n').length > 20) break
      }
      child.kill('SIGKILL')
      await once(child, 'exit')
      const acknowledged = Number(output.trimEnd().split('\n').at(-1))
      const kept = Object.keys(await new DatabaseProgress(database).read('me', 'lab'))
      expect(kept.length).toBeGreaterThanOrEqual(acknowledged)
      expect(kept).toContain('s0')
    })
  })

  describe('terminals', () => {
    it('are found only by their owner', async () => {
      const terminals = new TerminalRecords(database)
      const mine = { id: 'a', learner: 'me', lab: 'lab', title: 'Terminal 1', createdAt: 1 }
      await terminals.add(mine)
      expect(await terminals.find('me', 'a')).toEqual(mine)
      expect(await terminals.find('you', 'a')).toBeUndefined()
      expect(await terminals.list('you', 'lab')).toEqual([])
    })
  })

  describe('sessions', () => {
    it('are known by 128 random bits of which only a hash is kept', async () => {
      const sessions = new Sessions(database)
      const me = await new People(database).add({ name: 'Me', role: 'learner' }, 1)
      const id = await sessions.create(me.id, 1, 10)
      expect(Buffer.from(id, 'base64url')).toHaveLength(16)
      expect(await sessions.person(id, 9)).toEqual({ id: me.id, name: 'Me', role: 'learner', until: 10 })
      expect(await sessions.person('other', 9)).toBeUndefined()
      expect(JSON.stringify(await database.selectFrom('sessions').selectAll().execute())).not.toContain(id)
    })

    it('end in time, at a sign-out, and when their person may sign in no more', async () => {
      const sessions = new Sessions(database)
      const people = new People(database)
      const me = await people.add({ name: 'Me', role: 'learner' }, 1)
      const id = await sessions.create(me.id, 1, 10)
      expect(await sessions.person(id, 10)).toBeUndefined()
      await people.update(me.id, { disabledAt: 2 })
      expect(await sessions.person(id, 3)).toBeUndefined()
      await people.update(me.id, { disabledAt: null })
      expect(await sessions.person(id, 3)).toBeDefined()
      await sessions.delete(id)
      expect(await sessions.person(id, 3)).toBeUndefined()
    })
  })

  describe('dates of courses', () => {
    it('are the cohort’s, or later for whom they were put off', async () => {
      const due = new DueDates(database, () => 5)
      await due.extend('course', 'ana', 200, 'ins')
      await due.extend('course', 'ana', 300, 'ins')
      const course = { id: 'course', dueAt: 100 }
      expect([await due.of(course, 'ana'), await due.of(course, 'ben')]).toEqual([300, 100])
      expect(await due.of({ id: 'other' }, 'ana')).toBeUndefined()
    })

    it('are told of once, by whoever claims it first; again when that failed', async () => {
      const due = new DueDates(database)
      const reminded = (kind: 'soon' | 'overdue', dueAt: number, way: 'mail' | 'webhook' = 'mail') => ({
        cohort: 'course',
        person: 'ana',
        kind,
        way,
        dueAt,
      })
      const claim = (...what: Parameters<typeof reminded>) => due.claim(reminded(...what))
      const all = await Promise.all([
        claim('soon', 1),
        claim('soon', 1),
        claim('overdue', 1),
        claim('soon', 2),
        claim('soon', 1, 'webhook'),
      ])
      expect(all.filter(Boolean)).toHaveLength(4)
      await due.release(reminded('soon', 1))
      expect([await claim('soon', 1), await claim('soon', 1)]).toEqual([true, false])
      expect(await claim('soon', 1, 'webhook')).toBe(false)
    })

    it('were told by every way where the way was not noted yet', async () => {
      await sql`drop table reminders`.execute(database)
      await sql`create table reminders (cohort text not null, person text not null, kind text not null, due_at bigint not null,
        sent_at bigint not null, constraint key_cohort_person_kind_due_at primary key (cohort, person, kind, due_at))`.execute(
        database,
      )
      await sql`insert into reminders values ('course', 'ana', 'soon', 1, 2)`.execute(database)
      await reminderWays(database as Kysely<unknown>)
      const rows = await database.selectFrom('reminders').selectAll().orderBy('way').execute()
      const row = { cohort: 'course', person: 'ana', kind: 'soon' }
      expect(rows.map(({ due_at, sent_at, ...told }) => [told, Number(due_at), Number(sent_at)])).toEqual([
        [{ ...row, way: 'mail' }, 1, 2],
        [{ ...row, way: 'webhook' }, 1, 2],
      ])
    })
  })

  describe('statements for a learning record store', () => {
    const ids = async (statements: Statements) => (await statements.oldest(9)).map(({ id }) => id)
    const named = (...all: string[]) => all.map((id) => ({ id }))

    it('come in the order in which they were queued, also in one millisecond', async () => {
      const statements = new Statements(database, () => 5)
      await statements.add('ana', named('c', 'b'))
      await statements.add('ben', named('a'))
      expect(await statements.oldest(2)).toEqual([
        { id: 'c', statement: '{"id":"c"}' },
        { id: 'b', statement: '{"id":"b"}' },
      ])
      await statements.delete(['c'])
      expect(await ids(statements)).toEqual(['b', 'a'])
      expect(await statements.count()).toBe(2)
    })

    it('are no more than may be: the oldest go', async () => {
      const statements = new Statements(database)
      await statements.add('ana', named('c', 'b', 'a'))
      expect(await statements.trim(3)).toBe(0)
      expect(await statements.trim(1)).toBe(2)
      expect(await ids(statements)).toEqual(['a'])
    })

    it('are exported and forgotten with the person whom they are about', async () => {
      const statements = new Statements(database)
      await statements.add('ana', named('a'))
      await statements.add('ben', named('b'))
      expect((await exportPerson(database, 'ana')).statements).toMatchObject([{ id: 'a' }])
      await forgetPerson(database, 'ana')
      expect(await ids(statements)).toEqual(['b'])
    })
  })

  describe('the database', () => {
    it('opens again with what it had', async () => {
      await new StartedLabs(database).put('me', 'lab', { world: 'w', startedAt: 1 })
      await database.destroy()
      database = await openDatabase(location)
      expect(await new StartedLabs(database).find('me', 'lab')).toEqual({ world: 'w', startedAt: 1 })
      expect(await new StartedLabs(database).list('me')).toEqual(new Set(['lab']))
    })
  })
})

describe('a PostgreSQL server that is killed', () => {
  it('cuts off what is under way, ends nobody else, and is asked again once it is back', async () => {
    const killed = await TestPostgres.start()
    const database = await openDatabase(await killed.database())
    const cutOff = expect(sql`select pg_sleep(60)`.execute(database)).rejects.toThrow(DatabaseAway)
    // Two connections: one in use, one idle.
    await sql`select 1`.execute(database)
    await killed.kill()
    await cutOff
    // A connection that does not know yet is told by its own statement, and not used again.
    const ask = (): Promise<Person | undefined> =>
      new People(database).find('nobody').catch((error) => {
        if (error instanceof DatabaseAway) return ask()
        throw error
      })
    const asked = ask()
    await killed.run()
    expect(await asked).toBeUndefined()
    await database.destroy()
    await killed.close()
  })
})

describe('a database that cannot be opened', () => {
  it('is told with what to do, and without its password', async () => {
    const refused = openDatabase('postgres://me:hunter2@127.0.0.1:1/x')
    await expect(refused).rejects.toThrow(
      /postgres:\/\/me:…@127\.0\.0\.1:1\/x could not be opened: .*ECONNREFUSED.* Look whether/,
    )
    await expect(refused).rejects.not.toThrow(/hunter2/)
  })
})
