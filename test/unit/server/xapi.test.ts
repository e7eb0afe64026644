import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cohorts } from '../../../src/classroom/cohorts.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { StartedLabs } from '../../../src/database/labs.ts'
import { People } from '../../../src/database/people.ts'
import { Statements } from '../../../src/database/statements.ts'
import { LearningRecords } from '../../../src/server/xapi/learning-records.ts'
import { Outbox, type OutboxOptions } from '../../../src/server/xapi/outbox.ts'
import { RecordStore } from '../../../src/server/xapi/record-store.ts'
import { activity, duration, score, statement } from '../../../src/server/xapi/statement.ts'
import { TestRecordStore } from '../../support/record-store.ts'
import { TEST_LAB } from '../../support/server.ts'

const account = { homePage: 'https://learn.example.com', name: 'ana' }
const initialized = (lab: string) =>
  statement({
    actor: { objectType: 'Agent', account },
    verb: 'initialized',
    object: activity(`https://learn.example.com/labs/${lab}/`, 'simulation', lab),
    grouping: [],
    at: 1_700_000_000_000,
  })

let peer: TestRecordStore
let database: Database
let statements: Statements
let outbox: Outbox | undefined
const errors: string[] = []

beforeEach(async () => {
  peer = await TestRecordStore.start()
  database = await openDatabase(':memory:')
  statements = new Statements(database)
  errors.length = 0
})
afterEach(async () => {
  await outbox?.close()
  await database.destroy()
  peer.close()
})

const open = (options: Partial<OutboxOptions> = {}, password = TestRecordStore.password) => {
  outbox = new Outbox({
    statements,
    store: new RecordStore({ endpoint: peer.endpoint, user: TestRecordStore.user, password, people: 'id' }),
    onError: (error) => void errors.push(String(error)),
    pauses: { first: 1, longest: 4 },
    ...options,
  })
  return outbox
}
const names = () => peer.stored.map(({ object }) => object.definition!.name['en-US'])

describe('the outbox', () => {
  it('sends what happened in its order, and keeps nothing of it', async () => {
    const outbox = open()
    for (const lab of ['a', 'b', 'c']) await outbox.put('ana', [initialized(lab)])
    await peer.until(() => peer.stored.length === 3)
    expect(names()).toEqual(['a', 'b', 'c'])
    expect(peer.problems).toEqual([])
    await expect.poll(() => statements.count()).toBe(0)
  })

  it.each(['silent', 503, 401] as const)(
    'keeps all for a store that is %s, says so once, and sends it later',
    async (away) => {
      peer.away = away
      const outbox = open()
      await outbox.put('ana', [initialized('a')])
      await outbox.put('ana', [initialized('b')])
      await peer.until(() => peer.requests.length >= 4)
      expect(await statements.count()).toBe(2)
      expect(errors).toHaveLength(1)
      expect(errors[0]).toMatch(
        /The learning record store (cannot be reached \(\w+\)|answered \d+)\. Statements are kept/,
      )
      peer.away = undefined
      await peer.until(() => peer.stored.length === 2)
      expect(names()).toEqual(['a', 'b'])
    },
  )

  it('sends a statement again with its id when it did not hear that it was stored', async () => {
    peer.away = 'deaf'
    await open().put('ana', [initialized('a')])
    await peer.until(() => peer.requests.length >= 2)
    peer.away = undefined
    await expect.poll(() => statements.count()).toBe(0)
    expect(new Set(peer.requests.flat()).size).toBe(1)
    expect(names()).toEqual(['a'])
  })

  it('goes on after a restart with what was not sent', async () => {
    peer.away = 503
    await open().put('ana', [initialized('a')])
    await peer.until(() => peer.requests.length > 0)
    await outbox!.close()
    peer.away = undefined
    open()
    await peer.until(() => peer.stored.length === 1)
    expect(names()).toEqual(['a'])
  })

  it('gives up the one statement that the store does not take, and no other', async () => {
    peer.refuses = ({ object }) => object.definition!.name['en-US'] === 'c'
    const all = ['a', 'b', 'c', 'd', 'e'].map(initialized)
    await statements.add('ana', all)
    open()
    await peer.until(() => peer.stored.length === 4)
    expect(names()).toEqual(['a', 'b', 'd', 'e'])
    await expect.poll(() => statements.count()).toBe(0)
    expect(errors).toEqual([expect.stringContaining(all[2]!.id)])
  })

  it('is not held up by a statement of which the store has another version', async () => {
    const [first, second] = [initialized('a'), initialized('b')]
    peer.stored.push({ ...first!, timestamp: '2020-01-01T00:00:00Z' })
    await statements.add('ana', [first!, second!])
    open()
    await peer.until(() => peer.stored.length === 2)
    await expect.poll(() => statements.count()).toBe(0)
    expect(errors).toEqual([])
  })

  it('keeps so many and no more while the store is away: the newest', async () => {
    peer.away = 503
    await statements.add('ana', ['a', 'b', 'c'].map(initialized))
    open({ limit: 2 })
    await expect.poll(() => statements.count()).toBe(2)
    peer.away = undefined
    await peer.until(() => peer.stored.length === 2)
    expect(names()).toEqual(['b', 'c'])
    expect(errors[1]).toMatch(/^Error: 1 statements for the learning record store were given up/)
  })

  it('never says its password', async () => {
    await open({}, 'hunter2').put('ana', [initialized('a')])
    await expect.poll(() => errors).toEqual([expect.stringContaining('answered 401')])
    expect(errors.join()).not.toMatch(/hunter2|Basic/)
  })
})

describe('people', () => {
  const actors = async (tell: 'id' | 'name' | 'mail') => {
    const people = new People(database)
    await people.add({ id: 'ana', name: 'Ana', role: 'learner', email: 'Ana@example.com' }, 1)
    await people.add({ id: 'ben', name: 'Ben', role: 'learner' }, 1)
    const records = new LearningRecords({
      url: 'https://learn.example.com',
      tell,
      people,
      started: new StartedLabs(database),
      cohorts: new Cohorts(database),
      paths: async () => [],
      outbox: open(),
      onError: (error) => void errors.push(String(error)),
    })
    for (const person of ['ana', 'gone', 'ben']) records.labStarted(person, TEST_LAB, 1)
    await peer.until(() => peer.stored.length === 2)
    expect(peer.problems).toEqual([])
    return peer.stored.map(({ actor }) => actor)
  }
  const by = (name: string) => ({ account: { homePage: 'https://learn.example.com', name } })
  const objectType = 'Agent'

  it('are ids and nothing more', async () => {
    expect(await actors('id')).toEqual([
      { objectType, ...by('ana') },
      { objectType, ...by('ben') },
    ])
  })

  it('have names where the settings say so', async () => {
    expect(await actors('name')).toEqual([
      { objectType, name: 'Ana', ...by('ana') },
      { objectType, name: 'Ben', ...by('ben') },
    ])
  })

  it('are known by their e-mail address where the settings say so and they have one', async () => {
    expect(await actors('mail')).toEqual([
      { objectType, name: 'Ana', mbox: 'mailto:ana@example.com' },
      { objectType, name: 'Ben', ...by('ben') },
    ])
  })
})

describe('a statement', () => {
  it('says durations as ISO 8601, to the hundredth of a second', () => {
    expect([0, 1234, 90_000, 3_600_004, -5].map(duration)).toEqual([
      'PT0S',
      'PT1.23S',
      'PT90S',
      'PT3600S',
      'PT0S',
    ])
  })

  it('says scores as points and as a share', () => {
    expect(score(7, 10)).toEqual({ scaled: 0.7, raw: 7, min: 0, max: 10 })
  })
})
