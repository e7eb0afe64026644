import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { countUntil, lastShown, linesOf } from '../../../src/site/classroom/look/replay/output.ts'
import { OutputRecording, olderPart } from '../../../src/workspace/pty-host/recording.ts'

let folder: string
let now = 1_000_000
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-recording-'))
})
afterAll(() => rm(folder, { recursive: true }))

const recording = (name: string) =>
  new OutputRecording(join(folder, name), { columns: 80, rows: 24 }, () => now)
const read = async (name: string) => linesOf(await readFile(join(folder, name), 'utf8'))

it('keeps what a terminal showed, when, and in which size, also a character that came in two pieces', async () => {
  const one = recording('one')
  one.output(Buffer.from('$ echo '))
  const [first, second] = [Buffer.from('船').subarray(0, 1), Buffer.from('船').subarray(1)]
  one.output(first)
  one.output(second)
  now += 5_000
  one.resized({ columns: 100, rows: 30 })
  now += 1_000
  one.output(Buffer.from('done\r\n'))
  await one.close()
  const lines = await read('one')
  expect(lines).toEqual([
    [1_000_000, 'r', '80x24'],
    [1_000_000, 'o', '$ echo 船'],
    [1_005_000, 'r', '100x30'],
    [1_006_000, 'o', 'done\r\n'],
  ])
  expect(countUntil(lines, 1_005_500)).toBe(3)
  expect(countUntil(lines, 0)).toBe(0)
  expect(
    lastShown(
      new Map([
        ['a', lines],
        ['b', lines.slice(0, 2)],
      ]),
      1_006_000,
    ),
  ).toBe('a')
})

it('keeps of a flood what somebody could read, and says how much it left out', async () => {
  const flood = recording('flood')
  for (let piece = 0; piece < 100; piece++) flood.output(Buffer.alloc(4096, 'y'))
  now += 1_000
  flood.output(Buffer.from('after'))
  await flood.close()
  const lines = await read('flood')
  const kept = lines.reduce((sum, [, kind, value]) => sum + (kind === 'o' ? value.length : 0), 0)
  expect(kept).toBe(32 * 1024 + 'after'.length)
  expect(lines).toContainEqual([now, 'x', 100 * 4096 - 32 * 1024])
})

it('keeps at most two files of a megabyte, the latest output', async () => {
  const long = recording('long')
  for (let second = 0; second < 100; second++) {
    now += 1_000
    long.output(Buffer.from(`${second} `.padEnd(32 * 1024, '.')))
    // Each piece is written before the next.
    await long.close()
  }
  const [older, newer] = await Promise.all([read(olderPart('long')), read('long')])
  const text = JSON.stringify([...older, ...newer])
  expect(text).toContain('"99 ...')
  expect(text).not.toContain('"0 ...')
  expect(text.length).toBeLessThan(2.2 * 1024 * 1024)
  expect(newer[0]![1]).toBe('r')
})
