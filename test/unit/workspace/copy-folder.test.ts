import { execFileSync } from 'node:child_process'
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { copyFolder, FolderTooLarge } from '#workspace/copy-folder.ts'
import { exchangeForLinks } from '../../support/exchange-for-links.ts'

const LIMITS = { bytes: 1024 * 1024, entries: 1000 }

let root: string
let from: string
let to: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'drydock-copy-'))
  from = join(root, 'from')
  to = join(root, 'to')
  await mkdir(from)
})
afterEach(() => rm(root, { recursive: true }))

it('copies files, folders and links as they are', async () => {
  await mkdir(join(from, 'site/img'), { recursive: true })
  await writeFile(join(from, 'site/run.sh'), 'echo hi')
  await chmod(join(from, 'site/run.sh'), 0o750)
  await utimes(join(from, 'site/run.sh'), 1000, 2000)
  await symlink('site/run.sh', join(from, 'run'))
  await symlink('/nowhere', join(from, 'dangling'))
  await copyFolder(from, to, LIMITS)
  expect(await readFile(join(to, 'site/run.sh'), 'utf8')).toBe('echo hi')
  expect(await lstat(join(to, 'site/run.sh'))).toMatchObject({ mode: 0o100750, mtimeMs: 2_000_000 })
  expect((await lstat(join(to, 'site/img'))).isDirectory()).toBe(true)
  expect(await readlink(join(to, 'run'))).toBe('site/run.sh')
  expect(await readlink(join(to, 'dangling'))).toBe('/nowhere')
})

it('leaves out what is no file, and what cannot be followed without a link', async () => {
  execFileSync('mkfifo', [join(from, 'pipe')])
  await writeFile(join(root, 'secret'), 'secret')
  await symlink(root, join(from, 'up'))
  await copyFolder(from, to, LIMITS)
  await expect(lstat(join(to, 'pipe'))).rejects.toThrow('ENOENT')
  expect(await readlink(join(to, 'up'))).toBe(root)
})

it.each([
  ['bytes', { bytes: 10, entries: 100 }],
  ['files', { bytes: 1000, entries: 2 }],
])('stops at too many %s', async (_, limits) => {
  for (const name of ['a', 'b', 'c']) await writeFile(join(from, name), '12345678')
  await expect(copyFolder(from, to, limits)).rejects.toThrow(FolderTooLarge)
})

it('stops at folders without end', async () => {
  execFileSync('bash', ['-c', 'for n in $(seq 150); do mkdir d; cd d; done'], { cwd: from })
  await expect(copyFolder(from, to, LIMITS)).rejects.toThrow('in one another')
})

it.runIf(process.platform === 'linux')(
  'brings nothing from outside while files and folders are exchanged for links',
  async () => {
    await mkdir(join(root, 'outside'))
    await writeFile(join(root, 'outside/x'), 'secret')
    const attack = await exchangeForLinks(from, join(root, 'outside'))
    try {
      let copied = 0
      for (let round = 0; round < 400; round++) {
        const copy = join(root, `copy-${round}`)
        await copyFolder(from, copy, LIMITS)
        for (const name of ['file', 'file.own', 'dir/x', 'dir.own/x']) {
          const path = join(copy, name)
          const stat = await lstat(path).catch(() => undefined)
          const folder = await lstat(join(path, '..')).catch(() => undefined)
          if (!stat?.isFile() || folder?.isSymbolicLink()) continue
          expect(await readFile(path, 'utf8')).toBe('own')
          copied++
        }
      }
      expect(copied).toBeGreaterThan(0)
    } finally {
      await attack.end()
    }
  },
)
