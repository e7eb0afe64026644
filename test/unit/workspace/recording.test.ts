import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { countUntil, lastShown, linesOf } from '../../../src/site/classroom/look/replay/output.ts'
import { OutputRecording, PART_TIME, partOf } from '../../../src/workspace/pty-host/recording.ts'
import { ShownText } from '../../../src/workspace/pty-host/shown.ts'

let folder: string
let now = 1_000_000
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-recording-'))
})
afterAll(() => rm(folder, { recursive: true }))

const recording = (name: string) =>
  new OutputRecording(join(folder, name), { columns: 80, rows: 24 }, () => now)
/** The files of a recording, in order of time. */
const partsOf = async (name: string) =>
  (await readdir(folder))
    .filter((file) => partOf(file)?.terminal === name)
    .sort((a, b) => partOf(a)!.from - partOf(b)!.from)
const read = async (name: string) => {
  const texts = (await partsOf(name)).map((file) => readFile(join(folder, file), 'utf8'))
  return linesOf((await Promise.all(texts)).join(''))
}

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

it('keeps the latest two megabytes', async () => {
  const long = recording('long')
  for (let second = 0; second < 100; second++) {
    now += 1_000
    long.output(Buffer.from(`${second} `.padEnd(32 * 1024, '.')))
    // Each piece is written before the next.
    await long.close()
  }
  const text = JSON.stringify(await read('long'))
  expect(text).toContain('"99 ...')
  expect(text).not.toContain('"0 ...')
  expect(text.length).toBeLessThan(2.2 * 1024 * 1024)
  expect(text.length).toBeGreaterThan(1.5 * 1024 * 1024)
})

it('begins a part that can be forgotten by itself each hour, with the size that the terminal has', async () => {
  const hourly = recording('hourly')
  hourly.output(Buffer.from('before'))
  await hourly.close()
  now += PART_TIME
  hourly.output(Buffer.from('after'))
  await hourly.close()
  const [, second] = await partsOf('hourly')
  expect(linesOf(await readFile(join(folder, second!), 'utf8'))).toEqual([
    [now, 'r', '80x24'],
    [now, 'o', 'after'],
  ])
})

it('keeps nothing that was not shown: clipboard, titles, addresses of links, whole or in pieces', () => {
  const clipboard = '\x1b]52;c;c2VjcmV0\x07'
  const link = '\x1b]8;;https://example.com/?token=secret\x1b\\here\x1b]8;;\x1b\\'
  const query = '\x1bP+q544e;\x07\x1b\\'
  const output = `a${clipboard}b\x1b[31m${link}\x1b[0m${query}\x9d0;title\x9cc\x1b_secret\x18d`
  const whole = new ShownText().take(output).replaceAll('\x1b\\', '')
  expect(whole).toBe('ab\x1b[31mhere\x1b[0mcd')
  const pieces = new ShownText()
  expect(
    [...output]
      .map((piece) => pieces.take(piece))
      .join('')
      .replaceAll('\x1b\\', ''),
  ).toBe(whole)
})
