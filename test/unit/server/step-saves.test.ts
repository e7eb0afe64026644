import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StepSaves } from '../../../src/server/step-saves.ts'
import { StillCloud } from '../../support/still-cloud.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drydock-saves-'))
})
afterEach(() => rm(root, { recursive: true }))

it('keeps the beginning of a step once, when two checks of the one before pass at the same time', async () => {
  const home = join(root, 'home')
  for (let folder = 0; folder < 50; folder++) {
    await mkdir(join(home, `${folder}/inside`), { recursive: true })
    await writeFile(join(home, `${folder}/inside/note`), 'mine')
  }
  const saves = new StepSaves(home)
  const cloud = new StillCloud()
  await Promise.all([1, 2, 3].map(() => saves.keep(cloud, 'world', 'second')))
  expect(await saves.list(['first', 'second'])).toEqual(new Set(['second']))
  expect(await readFile(join(root, 'steps/second/49/inside/note'), 'utf8')).toBe('mine')
})
