import { homedir } from 'node:os'
import { join } from 'node:path'
import { STSClient } from '@aws-sdk/client-sts'
import { simulatedTarget, type Target } from '#checks/target.ts'
import { connectCloud } from '#cloud/client.ts'
import { answers, cloudSocket } from '#cloud/runtime-directory.ts'
import { openDatabase } from '#database/database.ts'
import { StartedLabs } from '#database/labs.ts'
import { OWNER } from '#database/people.ts'
import { runCheckCommand } from '#labs/check-command.ts'
import { loadLab } from '#labs/load.ts'

interface Options {
  target: 'simulated' | 'kubeconfig' | 'aws'
  region?: string
  profile?: string
  kubeconfig?: string
  context?: string
  home?: string
  data: string
  json?: boolean
}

/** Runs a lab's checks. */
export async function check(lab: string, step: string | undefined, options: Options): Promise<void> {
  // A mistyped name is told before anything is asked of a cloud.
  await loadLab(lab)
  const { target, home } = await resolveTarget(lab, options)
  process.exitCode = await runCheckCommand({
    lab,
    step,
    target,
    home: options.home ?? home,
    json: options.json,
    write: (text) => void process.stdout.write(text),
  })
}

async function resolveTarget(lab: string, options: Options): Promise<{ target: Target; home: string }> {
  const { region, profile, kubeconfig, context } = options
  switch (options.target) {
    case 'aws':
      return { target: { kind: 'aws', region, profile }, home: process.cwd() }
    case 'kubeconfig':
      return { target: { kind: 'kubeconfig', file: kubeconfig, context }, home: process.cwd() }
    case 'simulated':
      return (await ownShell()) ?? (await runningLab(lab, options.data))
  }
}

/** The world of the shell that this runs in: a lab's terminal, or one that sourced the file of `drydock cloud`. */
async function ownShell(): Promise<{ target: Target; home: string } | undefined> {
  const { HTTPS_PROXY: proxyUrl, AWS_CA_BUNDLE: caFile, DOCKER_HOST: dockerHost = '' } = process.env
  if (!proxyUrl || !caFile) return undefined
  const { config } = new STSClient({})
  const [credentials, region] = await Promise.all([config.credentials(), config.region()])
  return { target: { kind: 'simulated', region, credentials, proxyUrl, caFile, dockerHost }, home: homedir() }
}

/** The world of a lab that a running Drydock has started. */
async function runningLab(lab: string, data: string): Promise<{ target: Target; home: string }> {
  const cloudDirectory = join(data, 'cloud')
  const socket = await cloudSocket(cloudDirectory)
  if (!(await answers(socket))) {
    throw new Error(
      `no Drydock runs on ${data}. Start it with "npm start", or run this in a shell that has sourced the file of "drydock cloud --env-file".`,
    )
  }
  const database = await openDatabase(join(data, 'drydock.db'))
  const cloud = connectCloud(socket)
  try {
    const started = await new StartedLabs(database).find(OWNER.id, lab)
    const world = started && (await cloud.world(started.world))
    if (!world)
      throw new Error(`the lab "${lab}" has not been started. Open it in the browser and press Start.`)
    return { target: simulatedTarget(world), home: join(data, 'workspaces', OWNER.id, lab, 'home') }
  } finally {
    cloud.close()
    await database.destroy()
  }
}
