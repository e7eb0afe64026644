import { readFile } from 'node:fs/promises'
import { resize, stream } from './attached-streams.ts'
import { CommandError, DaemonError, type EngineClient } from './client.ts'
import { type Command, out } from './command.ts'
import { parseFlags } from './flags.ts'
import { pullImage } from './image-commands.ts'

const RUN_FLAGS = {
  detach: { short: 'd', kind: 'boolean' },
  interactive: { short: 'i', kind: 'boolean' },
  tty: { short: 't', kind: 'boolean' },
  rm: { kind: 'boolean' },
  name: { kind: 'string' },
  publish: { short: 'p', kind: 'list' },
  'publish-all': { short: 'P', kind: 'boolean' },
  env: { short: 'e', kind: 'list' },
  'env-file': { kind: 'list' },
  volume: { short: 'v', kind: 'list' },
  entrypoint: { kind: 'string' },
  workdir: { short: 'w', kind: 'string' },
  user: { short: 'u', kind: 'string' },
  hostname: { short: 'h', kind: 'string' },
  network: { kind: 'string' },
  restart: { kind: 'string' },
  memory: { short: 'm', kind: 'string' },
  label: { short: 'l', kind: 'list' },
  pull: { kind: 'string' },
  platform: { kind: 'string' },
} as const

function portBindings(specs: readonly string[]) {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const spec of specs) {
    const match = /^(?:(?:(\d+\.\d+\.\d+\.\d+):)?(\d*):)?(\d+)(?:\/(tcp|udp))?$/.exec(spec)
    if (!match) throw new CommandError(`docker: invalid containerPort: ${spec}`, 125)
    const key = `${match[3]}/${match[4] ?? 'tcp'}`
    bindings[key] = [...(bindings[key] ?? []), { HostIp: match[1] ?? '', HostPort: match[2] ?? '' }]
  }
  return bindings
}

function bytes(text: string | undefined): number {
  const match = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text ?? '')
  if (!text) return 0
  if (!match)
    throw new CommandError(
      `docker: invalid argument "${text}" for "-m, --memory" flag: invalid size: '${text}'`,
      125,
    )
  return Math.floor(
    Number(match[1]) * 1024 ** ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase().replace('b', '')),
  )
}

/** Makes a container as `docker run` and `docker create` ask for it, pulling its image if it is missing. */
export async function createContainer(client: EngineClient, words: string[], attach: boolean) {
  const flags = parseFlags(words, RUN_FLAGS, false)
  const [image, ...command] = flags.args
  if (!image)
    throw new CommandError(
      "docker: 'docker run' requires at least 1 argument\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nSee 'docker run --help' for more information",
      125,
    )
  const detached = flags.has('detach') || !attach
  const tty = flags.has('tty')
  const stdin = flags.has('interactive')
  const env: string[] = []
  for (const file of flags.list('env-file'))
    env.push(...(await readFile(file, 'utf8')).split('\n').filter((line) => /^\s*[^#\s]/.test(line)))
  for (const item of flags.list('env')) {
    if (item.includes('=')) env.push(item)
    else if (process.env[item] !== undefined) env.push(`${item}=${process.env[item]}`)
  }
  const [policy = 'no', retries = '0'] = (flags.text('restart') ?? 'no').split(':')
  const body = {
    Hostname: flags.text('hostname') ?? '',
    User: flags.text('user') ?? '',
    AttachStdin: stdin && !detached,
    AttachStdout: !detached,
    AttachStderr: !detached,
    Tty: tty,
    OpenStdin: stdin,
    StdinOnce: stdin && !detached,
    Env: env,
    Cmd: command.length > 0 ? command : null,
    Entrypoint: flags.text('entrypoint') === undefined ? null : [flags.text('entrypoint')],
    Image: image,
    WorkingDir: flags.text('workdir') ?? '',
    Labels: Object.fromEntries(
      flags
        .list('label')
        .map((item) => [item.split('=', 1)[0], item.includes('=') ? item.slice(item.indexOf('=') + 1) : '']),
    ),
    HostConfig: {
      AutoRemove: flags.has('rm'),
      Binds: flags.list('volume'),
      NetworkMode: flags.text('network') ?? 'bridge',
      PortBindings: portBindings(flags.list('publish')),
      PublishAllPorts: flags.has('publish-all'),
      RestartPolicy: { Name: policy, MaximumRetryCount: Number(retries) },
      Memory: bytes(flags.text('memory')),
    },
  }
  const path = `/containers/create${flags.text('name') ? `?name=${encodeURIComponent(flags.text('name')!)}` : ''}`
  try {
    return { id: (await client.json('POST', path, { body })).Id as string, detached, tty, stdin }
  } catch (error) {
    if (!(error instanceof DaemonError && error.status === 404)) throw error
    process.stderr.write(
      `Unable to find image '${/[:@]/.test(image.slice(image.lastIndexOf('/') + 1)) ? image : `${image}:latest`}' locally\n`,
    )
    await pullImage(client, image, false, (text) => process.stderr.write(text))
    return { id: (await client.json('POST', path, { body })).Id as string, detached, tty, stdin }
  }
}

/** `docker run` */
export const run: Command = async (client, words) => {
  try {
    const { id, detached, tty, stdin } = await createContainer(client, words, true)
    if (tty && stdin && !detached && !process.stdin.isTTY)
      throw new CommandError('the input device is not a TTY')
    if (detached) {
      await client.send('POST', `/containers/${id}/start`)
      out(`${id}\n`)
      return 0
    }
    const socket = await client.hijack(
      `/containers/${id}/attach?stream=1&stdout=1&stderr=1${stdin ? '&stdin=1' : ''}`,
    )
    const ended = client.json('POST', `/containers/${id}/wait?condition=next-exit`)
    // Its error, if any, is that of the start.
    ended.catch(() => {})
    await client.send('POST', `/containers/${id}/start`)
    if (tty) await resize(client, `/containers/${id}`)
    else
      for (const signal of ['SIGINT', 'SIGTERM'] as const)
        process.on(
          signal,
          () => void client.send('POST', `/containers/${id}/kill?signal=${signal}`).catch(() => {}),
        )
    await stream(socket, tty, stdin)
    return (await ended).StatusCode
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const code =
      error instanceof DaemonError && /executable file not found|no such file/.test(error.detail)
        ? 127
        : error instanceof DaemonError && /permission denied/.test(error.detail)
          ? 126
          : 125
    const text = error.message.startsWith('docker: ')
      ? error.message
      : `docker: ${error.message}\n\nRun 'docker run --help' for more information`
    throw new CommandError(text, code)
  }
}
