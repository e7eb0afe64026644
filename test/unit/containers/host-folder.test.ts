import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { mkdtemp, realpath, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { BindMounts } from '#containers/engine/bind-mounts.ts'
import { canMountHostFolders, HostFolder } from '#containers/files/host-folder.ts'
import { isInMemory } from '#containers/files/nodes.ts'
import { FileTree } from '#containers/files/tree.ts'
import { ContainerFs } from '#containers/processes/container-fs.ts'

const SECRET = 'outside'

describe.skipIf(!canMountHostFolders())('a folder of the home in a container', () => {
  let top: string
  let home: string
  let binds: BindMounts
  const mount = (source: string, readOnly = false) => {
    const mounted = binds.open(
      { type: 'bind', source, target: '/in', readOnly, anonymous: false, noCopy: true },
      new FileTree(),
    )
    return new ContainerFs(new FileTree(), [mounted], () => 0)
  }
  const text = async (files: ContainerFs, path: string) => Buffer.from(await files.read(path)).toString()

  beforeEach(async () => {
    top = await realpath(await mkdtemp(join(tmpdir(), 'drydock-home-')))
    home = join(top, 'home')
    binds = new BindMounts(() => home)
    mkdirSync(join(home, 'site'), { recursive: true })
    mkdirSync(join(top, 'other/site'), { recursive: true })
    writeFileSync(join(home, 'site/a.txt'), 'one')
    for (const folder of ['other', 'other/site']) writeFileSync(join(top, folder, 'a.txt'), SECRET)
  })
  afterEach(() => rm(top, { recursive: true, force: true }))

  it.each([
    ['an absolute path', () => join(top, 'other')],
    ['the root', () => '/'],
    ['the folder above', () => top],
    ['a neighbour whose name begins the same', () => `${home}-2`],
    ['dots', () => `${home}/site/../../other`],
    ['a link', () => join(home, 'out')],
    ['what is behind a link', () => join(home, 'out/site')],
    ['what is missing behind a link', () => join(home, 'out/new/folder')],
  ])('refuses %s out of the home', (_name, source) => {
    symlinkSync(join(top, 'other'), join(home, 'out'))
    expect(() => binds.check(source(), { exists: false })).toThrow(/is not shared from the host/)
    expect(() => mount(source())).toThrow(/is not shared from the host/)
    expect(readdirSync(join(top, 'other')).sort()).toEqual(['a.txt', 'site'])
  })

  it('shares nothing without a home', () => {
    binds = new BindMounts(() => undefined)
    expect(() => mount(join(home, 'site'))).toThrow(/this cloud shares no folder/)
  })

  it('makes a source that is missing, in the home; behind a dangling link it makes nothing', () => {
    expect(mount(join(home, 'new/deep')).listSync('/in')).toEqual([])
    expect(statSync(join(home, 'new/deep')).isDirectory()).toBe(true)
    symlinkSync(join(top, 'nowhere'), join(home, 'dangling'))
    expect(() => mount(join(home, 'dangling/x'))).toThrow()
    expect(readdirSync(top).sort()).toEqual(['home', 'other'])
    expect(() => binds.check(join(home, 'gone'), { exists: true })).toThrow(
      `invalid mount config for type "bind": bind source path does not exist: ${home}/gone`,
    )
  })

  it('shows edits at once, in both directions', async () => {
    const files = mount(join(home, 'site'))
    writeFileSync(join(home, 'site/a.txt'), 'two, longer')
    expect(await text(files, '/in/a.txt')).toBe('two, longer')
    files.writeSync('/in/b.txt', Buffer.from('b'), 0o4755)
    files.makeFolder('/in/deep/er', { recursive: true })
    await files.append('/in/a.txt', Buffer.from('!'))
    expect(readFileSync(join(home, 'site/a.txt'), 'utf8')).toBe('two, longer!')
    expect(statSync(join(home, 'site/b.txt')).mode & 0o7777).toBe(0o755)
    files.change('/in/b.txt', { mode: 0o6600 })
    expect(statSync(join(home, 'site/b.txt')).mode & 0o7777).toBe(0o600)
    files.remove('/in/b.txt')
    files.remove('/in/deep', { recursive: true })
    expect(readdirSync(join(home, 'site'))).toEqual(['a.txt'])
  })

  it('is not written to when it is read only', () => {
    const files = mount(join(home, 'site'), true)
    const attempts = [
      () => files.writeSync('/in/a.txt', Buffer.from('x')),
      () => files.makeFolder('/in/new'),
      () => files.remove('/in/a.txt'),
      () => files.change('/in/a.txt', { mode: 0o600 }),
    ]
    for (const attempt of attempts) expect(attempt).toThrow(/^EROFS/)
    expect(readFileSync(join(home, 'site/a.txt'), 'utf8')).toBe('one')
  })

  it('follows a link below the mount in the container, never on this machine', async () => {
    symlinkSync(join(top, 'other'), join(home, 'site/folder'))
    symlinkSync(join(top, 'other/a.txt'), join(home, 'site/file'))
    symlinkSync('../../other/a.txt', join(home, 'site/dots'))
    const files = mount(join(home, 'site'))
    for (const path of ['/in/folder/a.txt', '/in/file', '/in/dots'])
      await expect(text(files, path)).rejects.toThrow(/^ENOENT/)
    expect(() => files.writeSync('/in/folder/a.txt', Buffer.from('x'))).toThrow(/^ENOENT/)
    files.remove('/in/folder', { recursive: true })
    expect(readFileSync(join(top, 'other/a.txt'), 'utf8')).toBe(SECRET)
    expect(() => files.symlink('/etc/passwd', '/in/new')).toThrow(/^EINVAL/)
  })

  it('finds nothing when a link takes the place of the mounted folder or of a file that is being read', async () => {
    const files = mount(join(home, 'site'))
    const content = files.content('/in/a.txt')
    await rename(join(home, 'site'), join(home, 'old'))
    symlinkSync(join(top, 'other'), join(home, 'site'))
    expect(files.listSync('/in')).toEqual([])
    await expect(text(files, '/in/a.txt')).rejects.toThrow(/^ENOENT/)
    if (isInMemory(content)) throw new Error('read too early')
    await expect(content.open!()).rejects.toThrow(/^(?:ENOTDIR|ELOOP)/)
    expect(() => files.writeSync('/in/a.txt', Buffer.from('x'))).toThrow(/^(?:ENOTDIR|ELOOP)/)
    expect(() => files.makeFolder('/in/x')).toThrow(/^(?:ENOTDIR|ELOOP)/)
    expect(readFileSync(join(top, 'other/a.txt'), 'utf8')).toBe(SECRET)
  })

  it('never reads or writes outside while a folder turns into a link and back', async () => {
    mkdirSync(join(home, 'deep/site'), { recursive: true })
    writeFileSync(join(home, 'deep/site/a.txt'), 'one')
    const files = mount(join(home, 'deep/site'))
    const swap = spawn(process.execPath, [
      '-e',
      `const fs = require('fs'); const [dir, out] = process.argv.slice(1); console.log('on')
       for (;;) { fs.renameSync(dir, dir + '2'); fs.symlinkSync(out, dir); fs.unlinkSync(dir); fs.renameSync(dir + '2', dir) }`,
      join(home, 'deep'),
      join(top, 'other'),
    ])
    await once(swap.stdout, 'data')
    const seen = new Set<string>()
    try {
      for (let turn = 0; turn < 3000; turn++) {
        seen.add(await text(files, '/in/a.txt').catch((error) => error.code))
        try {
          files.writeSync('/in/b.txt', Buffer.from('b'))
          files.remove('/in/b.txt')
        } catch {
          // It was a link just then.
        }
      }
    } finally {
      swap.kill('SIGKILL')
      await once(swap, 'exit')
    }
    expect(seen).toContain('one')
    expect([...seen]).not.toContain(SECRET)
    expect(readdirSync(join(top, 'other/site'))).toEqual(['a.txt'])
  })

  it('knows files, folders and links only, and has limits', async () => {
    execFileSync('mkfifo', [join(home, 'site/pipe')])
    linkSync(join(home, 'site/a.txt'), join(home, 'site/hard'))
    const files = mount(join(home, 'site'))
    expect(files.listSync('/in')).toEqual(['a.txt', 'hard'])
    await expect(text(files, '/in/pipe')).rejects.toThrow(/^ENOENT/)
    expect(() => files.writeSync('/in/big', Buffer.alloc(17 * 1024 * 1024))).toThrow(/^EFBIG/)
    for (let i = 0; i < 2000; i++) writeFileSync(join(home, `site/${i}`), '')
    expect(() => files.listSync('/in')).toThrow(/^EOVERFLOW/)
    expect(await text(files, '/in/a.txt')).toBe('one')
    const up = new HostFolder(home, ['site'])
    for (const name of ['../../other/a.txt', '..', 'a\0b'])
      expect(() => up.write(name, Buffer.from('x'))).toThrow(/^(?:EINVAL|EOVERFLOW)/)
  })

  it('a single file, too; a folder does not go onto a file', async () => {
    const files = mount(join(home, 'site/a.txt'))
    expect(await text(files, '/in')).toBe('one')
    files.writeSync('/in', Buffer.from('two'))
    expect(readFileSync(join(home, 'site/a.txt'), 'utf8')).toBe('two')
    const image = new FileTree()
    image.makeFolders('/in')
    expect(() =>
      binds.open(
        {
          type: 'bind',
          source: join(home, 'site/a.txt'),
          target: '/in',
          readOnly: false,
          anonymous: false,
          noCopy: true,
        },
        image,
      ),
    ).toThrow(/Are you trying to mount a directory onto a file/)
  })
})
