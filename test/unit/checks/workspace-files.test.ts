import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WorkspaceFiles } from '#checks/workspace-files.ts'

let root: string
let files: WorkspaceFiles
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'drydock-files-'))
  const home = join(root, 'home')
  await mkdir(join(home, 'site'), { recursive: true })
  await writeFile(join(home, 'site/index.html'), 'hello')
  await writeFile(join(root, 'secret'), 'secret')
  await symlink(join(root, 'secret'), join(home, 'link'))
  execFileSync('mkfifo', [join(home, 'pipe')])
  files = new WorkspaceFiles(home)
})
afterAll(() => rm(root, { recursive: true }))

it('reads a file of the home folder', async () => {
  expect(await files.read('site/index.html')).toBe('hello')
})

it.each(['missing', 'site', 'site/index.html/x', '../secret', 'link', 'pipe'])(
  'gives nothing for %s',
  async (path) => {
    expect(await files.read(path)).toBeUndefined()
  },
)
