import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { resize, stream } from './attached-streams.ts'
import { CommandError, DaemonError, type EngineClient } from './client.ts'
import { type Command, out } from './command.ts'
import { type ParsedFlags, pairsOf, parseFlags } from './flags.ts'
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
  'add-host': { kind: 'list' },
  cpus: { kind: 'string' },
  expose: { kind: 'list' },
  'health-cmd': { kind: 'string' },
  'health-interval': { kind: 'string' },
  'health-retries': { kind: 'string' },
  'health-start-period': { kind: 'string' },
  'health-timeout': { kind: 'string' },
  init: { kind: 'boolean' },
  ip: { kind: 'string' },
  link: { kind: 'list' },
  'log-driver': { kind: 'string' },
  'memory-swap': { kind: 'string' },
  mount: { kind: 'list' },
  'network-alias': { kind: 'list' },
  'no-healthcheck': { kind: 'boolean' },
  privileged: { kind: 'boolean' },
  quiet: { short: 'q', kind: 'boolean' },
  'read-only': { kind: 'boolean' },
  'stop-signal': { kind: 'string' },
  'stop-timeout': { kind: 'string' },
  tmpfs: { kind: 'list' },
  'volumes-from': { kind: 'list' },
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

/** `64m` in bytes; nothing is 0. Throws CommandError. */
export function bytes(text: string | undefined): number {
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

/** `./x:/y` with the folder's full path. */
const absoluteBind = (text: string) => {
  const [source = '', ...rest] = text.split(':')
  return [/^\.{1,2}(?:\/|$)/.test(source) ? resolve(source) : source, ...rest].join(':')
}

/** `type=volume,source=data,target=/d,readonly` */
function mountOf(text: string) {
  const fields = pairsOf(text.split(','))
  const target = fields.target ?? fields.dst ?? fields.destination
  if (!target)
    throw new CommandError(`invalid argument "${text}" for "--mount" flag: target is required`, 125)
  return {
    Type: fields.type ?? 'volume',
    Source: fields.source ?? fields.src ?? '',
    Target: target,
    ReadOnly: 'readonly' in fields || 'ro' in fields,
    ...('volume-nocopy' in fields ? { VolumeOptions: { NoCopy: true } } : {}),
  }
}

const DURATIONS: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 }

/** A Go duration in nanoseconds; nothing is 0. */
const nanoseconds = (text = ''): number =>
  [...text.matchAll(/([\d.]+)(ns|us|ms|s|m|h)/g)].reduce(
    (sum, [, number, unit]) => sum + Number(number) * DURATIONS[unit!]!,
    0,
  )

function healthcheck(flags: ParsedFlags) {
  if (flags.has('no-healthcheck')) return { Test: ['NONE'] }
  const command = flags.text('health-cmd')
  const given = ['health-interval', 'health-timeout', 'health-retries', 'health-start-period'].some((name) =>
    flags.text(name),
  )
  if (!command && !given) return undefined
  return {
    ...(command ? { Test: ['CMD-SHELL', command] } : {}),
    Interval: nanoseconds(flags.text('health-interval')),
    Timeout: nanoseconds(flags.text('health-timeout')),
    StartPeriod: nanoseconds(flags.text('health-start-period')),
    Retries: Number(flags.text('health-retries') ?? 0),
  }
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
  const network = flags.text('network') ?? 'bridge'
  const volumes = flags.list('volume')
  if (flags.has('rm') && (flags.text('restart') ?? 'no') !== 'no')
    throw new CommandError('conflicting options: cannot specify both --restart and --rm', 125)
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
    ExposedPorts: Object.fromEntries(
      [
        ...Object.keys(portBindings(flags.list('publish'))),
        ...flags.list('expose').map((port) => (port.includes('/') ? port : `${port}/tcp`)),
      ].map((port) => [port, {}]),
    ),
    Volumes: Object.fromEntries(volumes.filter((text) => !text.includes(':')).map((path) => [path, {}])),
    Healthcheck: healthcheck(flags),
    StopSignal: flags.text('stop-signal'),
    StopTimeout: flags.text('stop-timeout') === undefined ? undefined : Number(flags.text('stop-timeout')),
    WorkingDir: flags.text('workdir') ?? '',
    Labels: Object.fromEntries(
      flags
        .list('label')
        .map((item) => [item.split('=', 1)[0], item.includes('=') ? item.slice(item.indexOf('=') + 1) : '']),
    ),
    HostConfig: {
      AutoRemove: flags.has('rm'),
      Binds: volumes.filter((text) => text.includes(':')).map(absoluteBind),
      Mounts: flags.list('mount').map(mountOf),
      Tmpfs: Object.fromEntries(
        flags.list('tmpfs').map((text) => [text.split(':')[0], text.split(':')[1] ?? '']),
      ),
      VolumesFrom: flags.list('volumes-from'),
      Links: flags.list('link'),
      ExtraHosts: flags.list('add-host').map((text) => text.replace('=', ':')),
      NanoCpus: Math.round(Number(flags.text('cpus') ?? 0) * 1e9),
      MemorySwap: bytes(flags.text('memory-swap')),
      LogConfig: { Type: flags.text('log-driver') ?? '', Config: {} },
      Privileged: flags.has('privileged'),
      ReadonlyRootfs: flags.has('read-only'),
      NetworkMode: network,
      PortBindings: portBindings(flags.list('publish')),
      PublishAllPorts: flags.has('publish-all'),
      RestartPolicy: { Name: policy, MaximumRetryCount: Number(retries) },
      Memory: bytes(flags.text('memory')),
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [network]: {
          Aliases: flags.list('network-alias'),
          ...(flags.text('ip') ? { IPAMConfig: { IPv4Address: flags.text('ip') } } : {}),
        },
      },
    },
  }
  const query = new URLSearchParams()
  for (const name of ['name', 'platform']) if (flags.text(name)) query.set(name, flags.text(name)!)
  const create = async () => {
    const { Id, Warnings } = await client.json('POST', `/containers/create?${query}`, { body })
    for (const warning of Warnings ?? []) process.stderr.write(`WARNING: ${warning}\n`)
    return { id: Id as string, detached, tty, stdin }
  }
  try {
    return await create()
  } catch (error) {
    const missing =
      error instanceof DaemonError &&
      error.status === 404 &&
      /^No such image|does not match the specified platform/.test(error.detail)
    if (!missing || flags.text('pull') === 'never') throw error
    process.stderr.write(
      `Unable to find image '${/[:@]/.test(image.slice(image.lastIndexOf('/') + 1)) ? image : `${image}:latest`}' locally\n`,
    )
    const print = (text: string) => process.stderr.write(text)
    await pullImage(client, image, { platform: flags.text('platform'), print })
    return create()
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
