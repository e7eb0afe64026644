import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FILE_LIMIT, FILE_PATH, WorkspaceFiles } from '#workspace/files.ts'

let folder: string
let home: string
let files: WorkspaceFiles

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-files-'))
  home = join(folder, 'home')
  await mkdir(join(home, 'site'), { recursive: true })
  await mkdir(join(folder, 'starters/site'), { recursive: true })
  await writeFile(join(home, 'site/index.html'), 'mine')
  await writeFile(join(folder, 'starters/site/index.html'), 'theirs')
  await writeFile(join(folder, 'secret'), 'secret')
  files = new WorkspaceFiles(home, [undefined, join(folder, 'starters')])
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('the files of a home', () => {
  it('are listed with their folders, and which the lab brought', async () => {
    await writeFile(join(home, 'answers.yaml'), 'a: 1')
    expect(await files.list()).toEqual([
      { path: 'answers.yaml', kind: 'file', size: 4 },
      { path: 'site', kind: 'folder' },
      { path: 'site/index.html', kind: 'file', size: 4, starter: true },
    ])
  })

  it('are read with what the lab brought beside, saved, and put back', async () => {
    const { text, version, starter } = await files.read('site/index.html')
    expect([text, starter]).toEqual(['mine', 'theirs'])
    await files.write('site/index.html', 'new', version)
    expect(await readFile(join(home, 'site/index.html'), 'utf8')).toBe('new')
    expect((await files.reset('site/index.html')).text).toBe('theirs')
  })

  it('are made with their folders', async () => {
    await files.write('k8s/base/deployment.yaml', 'kind: Deployment', undefined)
    expect(await readFile(join(home, 'k8s/base/deployment.yaml'), 'utf8')).toBe('kind: Deployment')
    files.remove('k8s/base/deployment.yaml')
    await expect(files.read('k8s/base/deployment.yaml')).rejects.toThrow('not-found')
  })

  it('are not overwritten when another program wrote meanwhile', async () => {
    const { version } = await files.read('site/index.html')
    await writeFile(join(home, 'site/index.html'), 'by the shell')
    await expect(files.write('site/index.html', 'new', version)).rejects.toThrow('changed')
    await expect(files.write('site/index.html', 'new', undefined)).rejects.toThrow('changed')
    expect(await readFile(join(home, 'site/index.html'), 'utf8')).toBe('by the shell')
  })
})

describe('what leads out of a home', () => {
  it('is neither read nor written through a link to a file', async () => {
    await symlink(join(folder, 'secret'), join(home, 'link'))
    await expect(files.read('link')).rejects.toThrow('refused')
    await expect(files.write('link', 'x', undefined)).rejects.toThrow('refused')
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret')
  })

  it('is neither read, written nor removed through a link to a folder', async () => {
    await symlink(folder, join(home, 'out'))
    await expect(files.read('out/secret')).rejects.toThrow('not-found')
    await expect(files.write('out/made', 'x', undefined)).rejects.toThrow('refused')
    expect(() => files.remove('out/secret')).toThrow('not-found')
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret')
    expect((await files.list()).some(({ path }) => path.startsWith('out'))).toBe(false)
  })

  it('is refused as a path', () => {
    for (const path of ['../secret', 'a/../../secret', '/etc/passwd', 'a//b', './a', 'a/.', 'a\0b', ''])
      expect(FILE_PATH.test(path), path).toBe(false)
    for (const path of ['a', '.kube/config', 'a/..b', 'a b/ü.yaml'])
      expect(FILE_PATH.test(path), path).toBe(true)
  })
})

describe('what is no text to edit', () => {
  it('is refused by its size or its bytes', async () => {
    await writeFile(join(home, 'big'), Buffer.alloc(FILE_LIMIT + 1, 'a'))
    await writeFile(join(home, 'image'), Buffer.from([0x89, 0x50, 0, 1]))
    await writeFile(join(home, 'latin'), Buffer.from([0x66, 0xfc, 0x72]))
    await expect(files.read('big')).rejects.toThrow('too-large')
    await expect(files.read('image')).rejects.toThrow('no-text')
    await expect(files.read('latin')).rejects.toThrow('no-text')
    await expect(files.write('x', 'a'.repeat(FILE_LIMIT + 1), undefined)).rejects.toThrow('too-large')
  })
})
