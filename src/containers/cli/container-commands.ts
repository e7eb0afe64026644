import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { humanDuration } from '../engine/views.ts'
import { CommandError, DaemonError, demultiplex, type EngineClient } from './client.ts'
import { parseFlags } from './flags.ts'
import { ellipsis, shortId, table, template } from './format.ts'
import { each, pullImage } from './image-commands.ts'

type Command = (client: EngineClient, words: string[]) => Promise<number | undefined>

const out = (text: string) => process.stdout.write(text)

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

async function create(client: EngineClient, words: string[], attach: boolean) {
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

/** Connects this terminal with a container's or exec's streams until they end. */
async function stream(socket: Duplex, tty: boolean, stdin: boolean): Promise<void> {
  const raw = tty && stdin && process.stdin.isTTY
  if (raw) process.stdin.setRawMode(true)
  if (stdin) {
    process.stdin.on('data', (chunk) => socket.write(chunk))
    process.stdin.on('end', () => socket.end())
  }
  try {
    if (tty) for await (const chunk of socket) process.stdout.write(chunk)
    else await demultiplex(socket)
  } finally {
    if (raw) process.stdin.setRawMode(false)
    process.stdin.pause()
  }
}

const resize = (client: EngineClient, path: string) => {
  const send = () =>
    client
      .send('POST', `${path}/resize?h=${process.stdout.rows ?? 24}&w=${process.stdout.columns ?? 80}`)
      .catch(() => {})
  process.stdout.on('resize', send)
  return send()
}

const run: Command = async (client, words) => {
  try {
    const { id, detached, tty, stdin } = await create(client, words, true)
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

const ps: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
    'no-trunc': { kind: 'boolean' },
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
    last: { short: 'n', kind: 'string' },
    latest: { short: 'l', kind: 'boolean' },
  })
  const filters: Record<string, string[]> = {}
  for (const filter of flags.list('filter')) {
    const equals = filter.indexOf('=')
    const name = filter.slice(0, equals)
    filters[name] = [...(filters[name] ?? []), filter.slice(equals + 1)]
  }
  const limit = flags.has('latest') ? '1' : (flags.text('last') ?? '0')
  const query = new URLSearchParams({
    all: flags.has('all') ? '1' : '0',
    limit,
    filters: JSON.stringify(filters),
  })
  const list = await client.json('GET', `/containers/json?${query}`)
  const now = Date.parse((await client.json('GET', '/info')).SystemTime)
  const full = flags.has('no-trunc')
  const rows = list.map(
    (item: {
      Id: string
      Image: string
      Command: string
      Created: number
      Status: string
      State: string
      Names: string[]
      Ports: { IP?: string; PublicPort?: number; PrivatePort: number; Type: string }[]
    }) => ({
      ID: full ? item.Id : shortId(item.Id),
      Image: item.Image,
      Command: `"${full ? item.Command : ellipsis(item.Command, 20)}"`,
      CreatedAt: `${humanDuration(now - item.Created * 1000)} ago`,
      RunningFor: `${humanDuration(now - item.Created * 1000)} ago`,
      Status: item.Status,
      State: item.State,
      Ports: item.Ports.map((port) =>
        port.PublicPort
          ? `${port.IP}:${port.PublicPort}->${port.PrivatePort}/${port.Type}`
          : `${port.PrivatePort}/${port.Type}`,
      ).join(', '),
      Names: item.Names.map((name) => name.slice(1)).join(','),
    }),
  )
  const format = flags.text('format')
  if (flags.has('quiet')) out(rows.map(({ ID }: { ID: string }) => `${ID}\n`).join(''))
  else if (format && !format.startsWith('table'))
    for (const row of rows) out(`${format === 'json' ? JSON.stringify(row) : template(format, row)}\n`)
  else
    out(
      table(
        ['CONTAINER ID', 'IMAGE', 'COMMAND', 'CREATED', 'STATUS', 'PORTS', 'NAMES'],
        rows.map((row: Record<string, string>) => [
          row.ID,
          row.Image,
          row.Command,
          row.RunningFor,
          row.Status,
          row.Ports,
          row.Names,
        ]),
      ),
    )
  return 0
}

const logs: Command = async (client, words) => {
  const flags = parseFlags(words, {
    follow: { short: 'f', kind: 'boolean' },
    tail: { short: 'n', kind: 'string' },
    timestamps: { short: 't', kind: 'boolean' },
    since: { kind: 'string' },
  })
  const name = flags.args[0]
  if (!name) throw new CommandError("docker: 'docker logs' requires 1 argument")
  const { Config } = await client.json('GET', `/containers/${name}/json`)
  const query = new URLSearchParams({
    stdout: '1',
    stderr: '1',
    follow: flags.has('follow') ? '1' : '0',
    timestamps: flags.has('timestamps') ? '1' : '0',
    tail: flags.text('tail') ?? 'all',
  })
  const answer = await client.send('GET', `/containers/${name}/logs?${query}`)
  if (Config.Tty) for await (const chunk of answer) process.stdout.write(chunk)
  else await demultiplex(answer)
  return 0
}

const exec: Command = async (client, words) => {
  const flags = parseFlags(
    words,
    {
      interactive: { short: 'i', kind: 'boolean' },
      tty: { short: 't', kind: 'boolean' },
      detach: { short: 'd', kind: 'boolean' },
      env: { short: 'e', kind: 'list' },
      workdir: { short: 'w', kind: 'string' },
      user: { short: 'u', kind: 'string' },
    },
    false,
  )
  const [name, ...command] = flags.args
  if (!name || command.length === 0)
    throw new CommandError(
      "docker: 'docker exec' requires at least 2 arguments\n\nUsage:  docker exec [OPTIONS] CONTAINER COMMAND [ARG...]\n\nSee 'docker exec --help' for more information",
    )
  const tty = flags.has('tty')
  const stdin = flags.has('interactive')
  if (tty && stdin && !process.stdin.isTTY) throw new CommandError('the input device is not a TTY')
  const body = {
    Cmd: command,
    Tty: tty,
    AttachStdin: stdin,
    AttachStdout: true,
    AttachStderr: true,
    Env: flags.list('env'),
    WorkingDir: flags.text('workdir') ?? '',
  }
  const { Id } = await client.json('POST', `/containers/${name}/exec`, { body })
  if (flags.has('detach')) {
    await client.send('POST', `/exec/${Id}/start`, { body: { Detach: true, Tty: tty } })
    return 0
  }
  const socket = await client.hijack(`/exec/${Id}/start`, { Detach: false, Tty: tty })
  if (tty) await resize(client, `/exec/${Id}`)
  await stream(socket, tty, stdin)
  return (await client.json('GET', `/exec/${Id}/json`)).ExitCode ?? 0
}

const simple =
  (verb: string, query: (flags: ReturnType<typeof parseFlags>) => string = () => ''): Command =>
  async (client, words) => {
    const flags = parseFlags(words, {
      time: { short: 't', kind: 'string' },
      timeout: { kind: 'string' },
      signal: { short: 's', kind: 'string' },
      attach: { short: 'a', kind: 'boolean' },
    })
    if (flags.args.length === 0)
      throw new CommandError(`docker: 'docker ${verb}' requires at least 1 argument`)
    return each(flags.args, async (name) => {
      await client.send('POST', `/containers/${name}/${verb}${query(flags)}`)
      out(`${name}\n`)
    })
  }

const time = (flags: ReturnType<typeof parseFlags>) => {
  const seconds = flags.text('time') ?? flags.text('timeout')
  return seconds === undefined ? '' : `?t=${seconds}`
}

const rm: Command = async (client, words) => {
  const flags = parseFlags(words, {
    force: { short: 'f', kind: 'boolean' },
    volumes: { short: 'v', kind: 'boolean' },
  })
  if (flags.args.length === 0) throw new CommandError("docker: 'docker rm' requires at least 1 argument")
  return each(flags.args, async (name) => {
    try {
      await client.send('DELETE', `/containers/${name}?force=${flags.has('force') ? 1 : 0}`)
    } catch (error) {
      if (!(flags.has('force') && error instanceof DaemonError && error.status === 404)) throw error
      process.stderr.write(`${error.message}\n`)
      return
    }
    out(`${name}\n`)
  })
}

export const inspect: Command = async (client, words) => {
  const flags = parseFlags(words, { format: { short: 'f', kind: 'string' }, type: { kind: 'string' } })
  const found: unknown[] = []
  let status = 0
  for (const name of flags.args) {
    const paths = [`/containers/${name}/json`, `/images/${name}/json`]
    const wanted =
      flags.text('type') === 'image'
        ? paths.slice(1)
        : flags.text('type') === 'container'
          ? paths.slice(0, 1)
          : paths
    let value: unknown
    for (const path of wanted) {
      value ??= await client.json('GET', path).catch((error) => {
        if (error instanceof DaemonError && (error.status === 404 || error.status === 400)) return undefined
        throw error
      })
    }
    if (value === undefined) {
      process.stderr.write(`Error: No such ${flags.text('type') ?? 'object'}: ${name}\n`)
      status = 1
    } else found.push(value)
  }
  const format = flags.text('format')
  if (format) for (const value of found) out(`${template(format, value)}\n`)
  else out(`${JSON.stringify(found, null, 4)}\n`)
  return status
}

const typed =
  (type: string): Command =>
  (client, words) =>
    inspect(client, ['--type', type, ...words])

export const CONTAINER_COMMANDS: Record<string, Command> = {
  run,
  create: async (client, words) => {
    out(`${(await create(client, words, false)).id}\n`)
    return 0
  },
  ps,
  logs,
  exec,
  rm,
  inspect,
  start: simple('start'),
  stop: simple('stop', time),
  restart: simple('restart', time),
  kill: simple('kill', (flags) => (flags.text('signal') ? `?signal=${flags.text('signal')}` : '')),
  'container run': run,
  'container ls': ps,
  'container ps': ps,
  'container logs': logs,
  'container exec': exec,
  'container rm': rm,
  'container stop': simple('stop', time),
  'container start': simple('start'),
  'container inspect': typed('container'),
  'image inspect': typed('image'),
}
