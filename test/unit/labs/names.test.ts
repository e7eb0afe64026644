import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { drawNames, giveNames, givenNames } from '#labs/names.ts'

const POOLS = { team: ['otter', 'heron', 'marmot'], 'job-name': ['nightly', 'digest'] }
let home: string
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'drydock-names-'))
})
afterAll(() => rm(home, { recursive: true }))

it('draws the same for the same seed, and each choice for some', () => {
  expect(drawNames(POOLS, 'a')).toEqual(drawNames(POOLS, 'a'))
  const teams = new Set(Array.from({ length: 50 }, (_, seed) => drawNames(POOLS, `${seed}`).team))
  expect([...teams].sort()).toEqual(['heron', 'marmot', 'otter'])
})

it('writes what a shell can source, and reads what is there', async () => {
  await giveNames(home, POOLS, 'a')
  const drawn = drawNames(POOLS, 'a')
  expect(await readFile(join(home, 'names.env'), 'utf8')).toBe(
    `TEAM=${drawn.team}\nJOB_NAME=${drawn['job-name']}\n`,
  )
  expect(await givenNames(home, POOLS)).toEqual(drawn)
  await writeFile(join(home, 'names.env'), 'TEAM=lynx\n')
  expect(await givenNames(home, POOLS)).toEqual({ team: 'lynx' })
})

it('gives none to a lab without, nor where the file is gone', async () => {
  await rm(join(home, 'names.env'))
  expect(await givenNames(home, POOLS)).toBeUndefined()
  await giveNames(home, undefined, 'a')
  expect(await givenNames(home, undefined)).toBeUndefined()
})

it('reads nothing from outside, and waits for no pipe', async () => {
  const file = join(home, 'names.env')
  const outside = `${home}.outside`
  await writeFile(outside, 'TEAM=secret\n')
  for (const target of [outside, '/dev/zero']) {
    await rm(file, { force: true })
    await symlink(target, file)
    expect(await givenNames(home, POOLS)).toBeUndefined()
  }
  await rm(file)
  execFileSync('mkfifo', [file])
  expect(await givenNames(home, POOLS)).toBeUndefined()
  await rm(outside)
})
