import { humanDuration } from '../engine/durations.ts'
import { resize, stream } from './attached-streams.ts'
import { CommandError, DaemonError, demultiplex } from './client.ts'
import { type Command, each, out } from './command.ts'
import { filtersOf, parseFlags } from './flags.ts'
import { ellipsis, shortId, table, template } from './format.ts'
import { createContainer, run } from './run-command.ts'

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
  const filters = filtersOf(flags.list('filter'))
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
          ? `${port.IP?.includes(':') ? `[${port.IP}]` : port.IP}:${port.PublicPort}->${port.PrivatePort}/${port.Type}`
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
    until: { kind: 'string' },
    details: { kind: 'boolean' },
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
    details: flags.has('details') ? '1' : '0',
  })
  for (const edge of ['since', 'until']) if (flags.text(edge)) query.set(edge, flags.text(edge)!)
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
    User: flags.text('user') ?? '',
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
      await client.send(
        'DELETE',
        `/containers/${name}?force=${flags.has('force') ? 1 : 0}&v=${flags.has('volumes') ? 1 : 0}`,
      )
    } catch (error) {
      if (!(flags.has('force') && error instanceof DaemonError && error.status === 404)) throw error
      process.stderr.write(`${error.message}\n`)
      return
    }
    out(`${name}\n`)
  })
}

const inspect: Command = async (client, words) => {
  const flags = parseFlags(words, { format: { short: 'f', kind: 'string' }, type: { kind: 'string' } })
  const found: unknown[] = []
  let status = 0
  for (const name of flags.args) {
    const paths: Record<string, string> = {
      container: `/containers/${name}/json`,
      image: `/images/${name}/json`,
      network: `/networks/${name}`,
      volume: `/volumes/${name}`,
    }
    const type = flags.text('type')
    const wanted = type ? [paths[type] ?? ''] : Object.values(paths)
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

/** The commands on containers, by their words after `docker`. */
export const CONTAINER_COMMANDS: Record<string, Command> = {
  run,
  create: async (client, words) => {
    out(`${(await createContainer(client, words, false)).id}\n`)
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
  'network inspect': typed('network'),
  'volume inspect': typed('volume'),
  'container create': async (client, words) => {
    out(`${(await createContainer(client, words, false)).id}\n`)
    return 0
  },
  'container kill': simple('kill', (flags) =>
    flags.text('signal') ? `?signal=${flags.text('signal')}` : '',
  ),
  'container restart': simple('restart', time),
  'container list': ps,
}
