import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cloud } from '#cloud/cloud.ts'
import { serveEndpoint } from '#cloud/endpoint.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { ProvisioningSpeed } from '#world/provisioning.ts'
import { environmentFile } from '../environment-file.ts'
import { DEFAULT_DATA } from '../options.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

/** The world that `drydock cloud` serves. */
const WORLD = 'cloud'

interface Options {
  envFile?: string
  data?: string
  ephemeral?: boolean
  provisioning?: ProvisioningSpeed
  speed?: number
  account?: string
  endpointPort?: number
  credentials: 'enforced' | 'open'
}

/** Runs the simulated cloud alone. */
export async function runCloud(options: Options): Promise<void> {
  const { progress, done } = showProgress()
  const toolbox = await prepare(progress)
  done()
  const directory = options.ephemeral
    ? await mkdtemp(join(tmpdir(), 'drydock-cloud-'))
    : (options.data ?? join(DEFAULT_DATA, 'cloud-alone'))
  const cloud = await Cloud.start({
    directory,
    hostLoopback: true,
    log: (message) => console.error(message),
    credentials: options.credentials,
  })
  try {
    await serve(cloud, directory, toolbox, options)
  } finally {
    await cloud.close()
    if (options.ephemeral) await rm(directory, { recursive: true, force: true })
    if (options.envFile) await rm(options.envFile, { force: true })
  }
}

/** Serves the cloud's one world until the process is told to end. */
async function serve(cloud: Cloud, directory: string, toolbox: Toolbox, options: Options): Promise<void> {
  const { account, provisioning, speed } = options
  const world = await cloud.worlds.create({ id: WORLD, accountId: account, provisioning, speed })
  if (account && world.config.accountId !== account) {
    throw new Error(
      `the cloud in ${directory} already has the account ${world.config.accountId}. Leave out --account, or give another --data folder.`,
    )
  }
  const endpoint =
    options.endpointPort === undefined
      ? undefined
      : await serveEndpoint(cloud.worlds, WORLD, options.endpointPort)
  if (options.envFile) {
    // Whoever waits for the file must never read half of it.
    await writeFile(`${options.envFile}.tmp`, environmentFile(world.info(), toolbox), { mode: 0o600 })
    await rename(`${options.envFile}.tmp`, options.envFile)
  }
  const info = world.info()
  console.log(`The simulated cloud is up: account ${info.accountId}, region ${info.region}.`)
  if (options.envFile) console.log(`Make a shell one of its own: source ${options.envFile}`)
  if (endpoint) console.log(`AWS_ENDPOINT_URL=${endpoint.url}`)
  console.log('Ctrl-C ends it.')
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await endpoint?.close()
}
