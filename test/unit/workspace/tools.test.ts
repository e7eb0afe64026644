import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { doctor } from '../../../src/workspace/doctor.ts'
import { findOnPath, installTools, machineFolders } from '../../../src/workspace/tools/install.ts'
import { unzip } from '../../../src/workspace/tools/unzip.ts'

const run = promisify(execFile)
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-tools-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A program that answers with a text, as `--version` would. */
async function program(name: string, answer: string): Promise<string> {
  const path = join(folder, 'machine')
  await mkdir(path, { recursive: true })
  await writeFile(join(path, name), `#!/bin/sh\necho '${answer}'\n`)
  await chmod(join(path, name), 0o755)
  return path
}

/** A zip archive with entries stored as they are: name, content, Unix mode. */
function archive(entries: [name: string, content: string, mode: number][]): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content, mode] of entries) {
    const data = Buffer.from(content)
    const sizes = Buffer.alloc(12)
    sizes.writeUInt32LE(crc32(data), 0)
    sizes.writeUInt32LE(data.length, 4)
    sizes.writeUInt32LE(data.length, 8)
    const length = Buffer.alloc(4)
    length.writeUInt16LE(name.length)
    const local = Buffer.concat([
      Buffer.from('504b03040a0000000000000000000000'.slice(0, 28), 'hex'),
      sizes,
      length,
      Buffer.from(name),
      data,
    ])
    const header = Buffer.alloc(46)
    header.writeUInt32LE(0x02014b50, 0)
    header.writeUInt16LE((3 << 8) | 20, 4)
    header.writeUInt16LE(10, 6)
    sizes.copy(header, 16)
    header.writeUInt16LE(name.length, 28)
    header.writeUInt32LE((mode << 16) >>> 0, 38)
    header.writeUInt32LE(offset, 42)
    locals.push(local)
    central.push(header, Buffer.from(name))
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

describe('unpacking', () => {
  const unpack = async (entries: Parameters<typeof archive>[0]) => {
    await writeFile(join(folder, 'a.zip'), archive(entries))
    await unzip(join(folder, 'a.zip'), join(folder, 'out'))
  }

  it('keeps modes and links', async () => {
    await unpack([
      ['bin/', '', 0o40755],
      ['bin/tool', 'hello', 0o100755],
      ['link', 'bin/tool', 0o120777],
      ['plain', 'x', 0o100644],
    ])
    expect((await lstat(join(folder, 'out/bin/tool'))).mode & 0o777).toBe(0o755)
    expect((await lstat(join(folder, 'out/plain'))).mode & 0o777).toBe(0o644)
    expect((await lstat(join(folder, 'out/link'))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(folder, 'out/link'), 'utf8')).toBe('hello')
  })

  it('makes no link that leads out', async () => {
    await unpack([
      ['away', '/etc', 0o120777],
      ['up', '../..', 0o120777],
      ['plain', 'x', 0o100644],
    ])
    expect(await readdir(join(folder, 'out'))).toEqual(['plain'])
  })

  it.each(['../evil', '/etc/evil', 'a/../../evil'])('refuses the name %s', async (name) => {
    await expect(unpack([[name, 'x', 0o100644]])).rejects.toThrow()
    expect(await readdir(folder)).not.toContain('evil')
  })
})

describe('the tools of a learner', () => {
  it('are the machine’s own where they will do', async () => {
    const machinePath = await program('helm', 'v3.19.0+g1')
    const { tools, bin } = await installTools({
      cache: join(folder, 'cache'),
      machinePath,
      platform: 'darwin',
    })
    expect(tools.find(({ name }) => name === 'helm')).toMatchObject({ source: 'machine', version: '3.19.0' })
    expect((await run(join(bin, 'helm'))).stdout).toBe('v3.19.0+g1\n')
  })

  it('are not the machine’s own where those are too old, and the doctor says so', async () => {
    const machinePath = await program('aws', 'aws-cli/1.29.0 Python/3.11')
    const toolbox = await installTools({ machinePath })
    expect(toolbox.tools.find(({ name }) => name === 'aws')!.source).toBe('package')
    const findings = await doctor({ toolbox, machinePath })
    expect(findings.find(({ name }) => name === 'aws')!.detail).toContain(
      'is not used: it is not AWS CLI version 2',
    )
  })

  it('that are missing say how to get them', async () => {
    const toolbox = await installTools({ cache: join(folder, 'cache'), machinePath: '', platform: 'darwin' })
    const failed = await run(join(toolbox.bin, 'kubectl'), ['get', 'nodes']).catch((error) => error)
    expect(failed.code).toBe(127)
    expect(failed.stderr).toMatch(/kubectl: not on this machine.*Install it: brew install kubectl/)
    const findings = await doctor({ toolbox, machinePath: '', platform: 'darwin' })
    expect(findings.find(({ name }) => name === 'kubectl')).toEqual({
      name: 'kubectl',
      status: 'missing',
      detail: 'no build for this platform comes along',
      next: 'brew install kubectl',
    })
  })

  it('are the same when asked for again, and at once', async () => {
    await installTools({ machinePath: '' })
    const unpacked: string[] = []
    const [one, two] = await Promise.all(
      [1, 2].map(() => installTools({ machinePath: '', onProgress: (name) => unpacked.push(name) })),
    )
    expect(unpacked).toEqual([])
    expect(one).toEqual(two)
  })
})

describe('the machine’s PATH', () => {
  it('is used without what npm puts in front', () => {
    expect(machineFolders('/a/node_modules/.bin:/usr/bin:relative:/b/node-gyp-bin:/bin')).toEqual([
      '/usr/bin',
      '/bin',
    ])
  })

  it('gives no folder and no file that cannot be run', async () => {
    await mkdir(join(folder, 'tool'))
    expect(await findOnPath('tool', folder)).toBeUndefined()
    await rm(join(folder, 'tool'), { recursive: true })
    await writeFile(join(folder, 'tool'), '', { mode: 0o644 })
    expect(await findOnPath('tool', folder)).toBeUndefined()
  })
})
