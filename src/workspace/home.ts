import { randomBytes } from 'node:crypto'
import { cp, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WorldInfo } from '#cloud/api.ts'
import { BASHRC } from './bashrc.ts'

export interface HomeOptions {
  /** Where the home folder shall be. */
  home: string
  world: WorldInfo
  /** Folders that are copied in, one over the other, when the home is made: what the lab starts from, the lab's `files/`. */
  files?: (string | undefined)[]
}

/**
 * Makes a learner's home folder unless it is there: the lab's files, AWS's configuration as `aws configure` writes
 * it, and a `.bashrc`. A home appears whole or not at all; what a learner changed in it stays.
 */
export async function makeHome({ home, world, files = [] }: HomeOptions): Promise<void> {
  if (await exists(home)) return
  const fresh = `${home}.${randomBytes(6).toString('hex')}.partial`
  try {
    await mkdir(fresh, { recursive: true, mode: 0o700 })
    for (const folder of files) if (folder) await cp(folder, fresh, { recursive: true })
    await writeFile(join(fresh, '.bashrc'), BASHRC)
    await writeLearnerFiles(fresh, world)
    await rename(fresh, home)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if (!(await exists(home))) throw error
  }
}

/** Writes what a home says of its world: AWS's configuration and the note of the account on Docker Hub. */
export async function writeLearnerFiles(home: string, world: WorldInfo): Promise<void> {
  await writeAwsFiles(home, world)
  await writeHubFile(home, world)
}

/**
 * Writes `.aws/config` and `.aws/credentials` with the keys of the world's administrator, and a profile for each further account.
 * The pager is off: in a terminal of ten lines nearly every answer would wait in it, and swallow the next command.
 */
export async function writeAwsFiles(home: string, world: WorldInfo): Promise<void> {
  const profiles = [{ name: 'default', administrator: world.administrator }, ...world.accounts]
  const config = profiles.map(
    ({ name }) =>
      `[${name === 'default' ? name : `profile ${name}`}]\nregion = ${world.region}\noutput = json\ncli_pager =\n`,
  )
  const credentials = profiles.map(
    ({ name, administrator: { accessKeyId, secretAccessKey } }) =>
      `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  )
  await writePrivate(join(home, '.aws/config'), config.join('\n'))
  await writePrivate(join(home, '.aws/credentials'), credentials.join('\n'))
}

/** Writes `docker-hub.txt`, the note that says which account the learner has on Docker Hub. */
async function writeHubFile(home: string, { dockerHub }: WorldInfo): Promise<void> {
  await writePrivate(
    join(home, 'docker-hub.txt'),
    `# Your account on Docker Hub: docker login -u ${dockerHub.username}\nusername=${dockerHub.username}\npassword=${dockerHub.password}\n`,
  )
}

async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text, { mode: 0o600 })
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
