import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TimelineCall } from '../../../src/cloud/api.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { Moments } from '../../../src/database/moments.ts'
import { inRealTime, SessionRecords } from '../../../src/server/session-records.ts'

let folder: string
let database: Database
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-records-'))
  database = await openDatabase(':memory:')
})
afterAll(async () => {
  await database.destroy()
  await rm(folder, { recursive: true })
})

it('forgets what is older than it may be: moments, and terminals that showed nothing since', async () => {
  let now = 1_000
  const moments = new Moments(database, () => now)
  const records = new SessionRecords(folder, moments, (error) => {
    throw error
  })
  await moments.add('lin', 'lab', { kind: 'started' })
  now = 9_000
  await moments.add('lin', 'lab', { kind: 'reset' })
  for (const [name, at] of [
    ['old.jsonl', 1],
    ['old.jsonl.1', 1],
    ['new.jsonl', 9],
  ] as const) {
    await mkdir(records.folderOf('lin', 'lab'), { recursive: true })
    const file = join(records.folderOf('lin', 'lab'), name)
    await writeFile(file, '')
    await utimes(file, at, at)
  }
  await records.deleteBefore(5_000)
  expect(await moments.list('lin', 'lab')).toEqual([{ kind: 'reset', at: 9_000 }])
  expect(await readdir(records.folderOf('lin', 'lab'))).toEqual(['new.jsonl'])
  await records.deleteBefore(10_000)
  expect(await readdir(folder)).toEqual([])
})

it('places calls of a world whose clock was moved or goes faster at the time when they were made', () => {
  const call = (at: number) => ({ at }) as TimelineCall
  const moments = [
    { kind: 'clock', at: 1_000, world: 601_000, speed: 1 },
    { kind: 'clock', at: 3_000, world: 603_000, speed: 10 },
  ] as const
  const placed = inRealTime([call(500), call(602_000), call(613_000)], [...moments])
  expect(placed.map(({ at }) => at)).toEqual([500, 2_000, 4_000])
})
