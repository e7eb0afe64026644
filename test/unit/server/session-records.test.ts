import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TimelineCall } from '../../../src/cloud/api.ts'
import { type Database, openDatabase } from '../../../src/database/database.ts'
import { Moments } from '../../../src/database/moments.ts'
import { inRealTime, SessionRecords } from '../../../src/server/session-records.ts'
import { OutputRecording } from '../../../src/workspace/pty-host/recording.ts'

let folder: string
let database: Database
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-records-'))
  database = await openDatabase(':memory:')
})
afterAll(async () => {
  await database.destroy()
  await rm(folder, { recursive: true, force: true })
})

const DAY = 24 * 3600 * 1000
const fail = (error: unknown) => {
  throw error
}

it('forgets what is older than it may be: moments, and the parts of terminals that began before', async () => {
  let now = DAY
  const moments = new Moments(database, () => now)
  const records = new SessionRecords(2, folder, moments, fail)
  await moments.add('lin', 'lab', { kind: 'started' })
  now = 3 * DAY
  await moments.add('lin', 'lab', { kind: 'reset' })
  await mkdir(records.folderOf('lin', 'lab'), { recursive: true })
  for (const [from, content] of [
    [DAY, 'first'],
    [10 * DAY, 'third'],
    [3 * DAY, 'second'],
  ] as const)
    await writeFile(join(records.folderOf('lin', 'lab'), `one.${from}.jsonl`), content)
  expect(await records.terminals('lin', 'lab')).toEqual([{ id: 'one', from: DAY }])
  await records.deleteOld(4 * DAY)
  expect(await moments.list('lin', 'lab')).toEqual([{ kind: 'reset', at: 3 * DAY }])
  expect(await records.terminals('lin', 'lab')).toEqual([{ id: 'one', from: 3 * DAY }])
  expect(await text((await records.output('lin', 'lab', 'one'))!)).toBe('secondthird')
})

it('keeps nothing where it is switched off: what there was goes, and no terminal is recorded any more', async () => {
  const moments = new Moments(database, () => DAY)
  const off = new SessionRecords(0, folder, moments, fail)
  await moments.add('lin', 'lab', { kind: 'started' })
  const recording = new OutputRecording(join(off.folderOf('lin', 'lab'), 'on'), { columns: 80, rows: 24 })
  recording.output(Buffer.from('before'))
  await expect.poll(() => off.terminals('lin', 'lab')).toContainEqual(expect.objectContaining({ id: 'on' }))
  await off.deleteOld(4 * DAY)
  recording.output(Buffer.from('after'))
  await recording.close()
  expect(await moments.list('lin', 'lab')).toEqual([])
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
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
