import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { Cloud } from '#cloud/cloud.ts'
import { serveEndpoint } from '#cloud/endpoint.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { ProvisioningSpeed } from '#world/provisioning.ts'
import { environmentFile } from './environment-file.ts'
import { accountId, DEFAULT_DATA, port, provisioning, speed } from './options.ts'
import { prepare } from './prepare.ts'
import { showProgress } from './progress.ts'

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

export function cloudCommand(): Command {
  return new Command('cloud')
    .description(
      'Runs the simulated cloud alone: an emulator of EKS, ECR, EC2, IAM and Kubernetes for any shell or test.',
    )
    .option('--env-file <file>', 'write a file to source in a shell, once the cloud is ready')
    .addOption(
      new Option(
        '--data <dir>',
        `keep the cloud in this folder (default: ${join(DEFAULT_DATA, 'cloud-alone')})`,
      ).conflicts('ephemeral'),
    )
    .option('--ephemeral', 'keep nothing after the end')
    .option(
      '--provisioning <n|instant>',
      'how many times faster than AWS things are provisioned (default: 40)',
      provisioning,
    )
    .option('--speed <n>', "speed of the cloud's clock (default: 1)", speed)
    .option('--account <id>', 'account id (default: a random one)', accountId)
    .option('--endpoint-port <port>', 'also serve one endpoint for AWS_ENDPOINT_URL on this port', port)
    .addOption(
      new Option(
        '--credentials <mode>',
        'at that endpoint: check keys and policies, or take any keys as the administrator',
      )
        .choices(['enforced', 'open'])
        .default('enforced'),
    )
    .action(run)
}

async function run(options: Options): Promise<void> {
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
