import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { RegistryCredentials } from '../image.ts'
import { parseReference } from '../images/reference.ts'
import { CommandError } from './client.ts'

/** Key of Docker Hub's credentials in config.json. */
export const HUB_ADDRESS = 'https://index.docker.io/v1/'

interface DockerConfig {
  auths?: Record<string, { auth?: string }>
  [name: string]: unknown
}

const folder = () => process.env.DOCKER_CONFIG || join(homedir(), '.docker')

/** Path of the configuration file. */
export const configFile = (): string => join(folder(), 'config.json')

async function read(): Promise<DockerConfig> {
  try {
    return JSON.parse(await readFile(configFile(), 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CommandError(`Error loading config file: ${configFile()}: ${(error as Error).message}`)
  }
}

async function write(config: DockerConfig): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 })
  const temporary = `${configFile()}.${process.pid}`
  await writeFile(temporary, JSON.stringify(config, null, '\t'), { mode: 0o600 })
  await rename(temporary, configFile())
}

export async function saveCredentials(
  address: string,
  { username, password }: RegistryCredentials,
): Promise<void> {
  const config = await read()
  const auth = Buffer.from(`${username}:${password}`).toString('base64')
  await write({ ...config, auths: { ...config.auths, [address]: { auth } } })
}

/** Forgets credentials; gives whether there were any. */
export async function removeCredentials(address: string): Promise<boolean> {
  const config = await read()
  if (!config.auths?.[address]) return false
  const { [address]: _gone, ...auths } = config.auths
  await write({ ...config, auths })
  return true
}

/** All saved credentials by registry address. */
export async function allCredentials(): Promise<Record<string, RegistryCredentials>> {
  const { auths = {} } = await read()
  const result: Record<string, RegistryCredentials> = {}
  for (const [address, { auth }] of Object.entries(auths)) {
    if (!auth) continue
    const text = Buffer.from(auth, 'base64').toString()
    const colon = text.indexOf(':')
    result[address] = { username: text.slice(0, colon), password: text.slice(colon + 1) }
  }
  return result
}

const addressOf = (domain: string) => (domain === 'docker.io' ? HUB_ADDRESS : domain)

/** The saved credentials of a registry. */
export const credentialsFor = async (domain: string): Promise<RegistryCredentials | undefined> =>
  (await allCredentials())[addressOf(domain)]

/** The `X-Registry-Auth` header for an image. */
export async function registryAuthHeader(image: string): Promise<{ 'x-registry-auth': string }> {
  const { domain } = parseReference(image)
  const credentials = await credentialsFor(domain)
  const value = credentials ? { ...credentials, serveraddress: addressOf(domain) } : {}
  return { 'x-registry-auth': Buffer.from(JSON.stringify(value)).toString('base64url') }
}
