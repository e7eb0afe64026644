import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shellEnvironment } from '../../../src/workspace/environment.ts'
import { makeHome } from '../../../src/workspace/home.ts'
import { StillCloud } from '../../support/still-cloud.ts'
import { tool, toolsFolder } from '../../support/tools.ts'

let folder: string
const world = await new StillCloud().createWorld()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-home-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a home', () => {
  it('has the lab’s files, which stay as the learner leaves them', async () => {
    const files = join(folder, 'files')
    await mkdir(join(files, 'web'), { recursive: true })
    await writeFile(join(files, 'web/index.html'), 'theirs')
    const home = join(folder, 'home')
    await makeHome({ home, world, files: [files] })
    await writeFile(join(home, 'web/index.html'), 'mine')
    await makeHome({ home, world, files: [files] })
    expect(await readFile(join(home, 'web/index.html'), 'utf8')).toBe('mine')
    expect((await stat(home)).mode & 0o777).toBe(0o700)
    expect((await stat(join(home, '.aws/credentials'))).mode & 0o777).toBe(0o600)
  })

  it('is there whole or not at all', async () => {
    await expect(
      makeHome({ home: join(folder, 'home'), world, files: [join(folder, 'none')] }),
    ).rejects.toThrow()
    expect(await readdir(folder)).toEqual([])
  })
})

describe('a shell', () => {
  const shell = async (script: string) => {
    const home = join(folder, 'home')
    await makeHome({ home, world })
    const environment = shellEnvironment({ world, toolbox: { bin: await toolsFolder(), tools: [] }, home })
    return promisify(execFile)('bash', ['-ic', script], { env: environment, cwd: home }).then(({ stdout }) =>
      stdout.trim(),
    )
  }

  it('has the learner’s tools first, and aws reads the account of the world', async () => {
    expect(await shell('command -v aws')).toBe(await tool('aws'))
    expect(await shell('aws configure list | grep access_key')).toMatch(/MPLE.*shared-credentials-file/)
    expect(await shell('aws configure get region')).toBe('us-east-1')
  })

  it('completes kubectl, loading its completion at the first Tab', async () => {
    const script =
      'COMP_WORDS=(kubectl rollou); COMP_CWORD=1; COMP_LINE="kubectl rollou"; COMP_POINT=14; COMP_TYPE=9; _complete_later kubectl 2>/dev/null; echo "$COMPREPLY"'
    expect(await shell(script)).toBe('rollout')
  })
})
