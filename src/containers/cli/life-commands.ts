import { resize, stream } from './attached-streams.ts'
import { CommandError, readMessages } from './client.ts'
import { type Command, confirm, each, need, out } from './command.ts'
import { filtersOf, parseFlags } from './flags.ts'
import { binarySize, formatted, humanSize, shortId, table } from './format.ts'
import { bytes } from './run-command.ts'

const simple =
  (verb: string): Command =>
  (client, words) => {
    need(words, 1, `docker ${verb} CONTAINER [CONTAINER...]`, false)
    return each(words, async (name) => {
      await client.send('POST', `/containers/${name}/${verb}`)
      out(`${name}\n`)
    })
  }

const rename: Command = async (client, words) => {
  need(words, 2, 'docker rename CONTAINER NEW_NAME')
  try {
    await client.send('POST', `/containers/${words[0]}/rename?name=${encodeURIComponent(words[1]!)}`)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(`${error.message}\nError: failed to rename container named ${words[0]}`)
  }
  return 0
}

const wait: Command = (client, words) => {
  need(words, 1, 'docker wait CONTAINER [CONTAINER...]', false)
  return each(words, async (name) => {
    out(`${(await client.json('POST', `/containers/${name}/wait?condition=not-running`)).StatusCode}\n`)
  })
}

const update: Command = (client, words) => {
  const flags = parseFlags(words, {
    memory: { short: 'm', kind: 'string' },
    'memory-swap': { kind: 'string' },
    cpus: { kind: 'string' },
    restart: { kind: 'string' },
  })
  need(flags.args, 1, 'docker update [OPTIONS] CONTAINER [CONTAINER...]', false)
  const [policy = '', retries = '0'] = (flags.text('restart') ?? '').split(':')
  const body = {
    Memory: bytes(flags.text('memory')),
    MemorySwap: bytes(flags.text('memory-swap')),
    NanoCpus: Math.round(Number(flags.text('cpus') ?? 0) * 1e9),
    ...(policy ? { RestartPolicy: { Name: policy, MaximumRetryCount: Number(retries) } } : {}),
  }
  return each(flags.args, async (name) => {
    await client.send('POST', `/containers/${name}/update`, { body })
    out(`${name}\n`)
  })
}

const port: Command = async (client, words) => {
  need(words, 1, 'docker port CONTAINER [PRIVATE_PORT[/PROTO]]', false)
  const { NetworkSettings } = await client.json('GET', `/containers/${words[0]}/json`)
  const ports = Object.entries(
    NetworkSettings.Ports as Record<string, { HostIp: string; HostPort: string }[] | null>,
  )
  const address = ({ HostIp, HostPort }: { HostIp: string; HostPort: string }) =>
    `${HostIp.includes(':') ? `[${HostIp}]` : HostIp}:${HostPort}`
  if (words[1]) {
    const wanted = words[1].includes('/') ? words[1] : `${words[1]}/tcp`
    const found = ports.find(([name]) => name === wanted)?.[1]
    if (!found) throw new CommandError(`no public port '${wanted}' published for ${words[0]}`)
    out(found.map((binding) => `${address(binding)}\n`).join(''))
    return 0
  }
  const sorted = ports.sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  for (const [name, bindings] of sorted)
    for (const binding of bindings ?? []) out(`${name} -> ${address(binding)}\n`)
  return 0
}

const top: Command = async (client, words) => {
  need(words, 1, 'docker top CONTAINER [ps OPTIONS]', false)
  const [name, ...options] = words
  const query = options.length > 0 ? `?ps_args=${encodeURIComponent(options.join(' '))}` : ''
  const { Titles, Processes } = await client.json('GET', `/containers/${name}/top${query}`)
  const widths = Titles.map((_: string, column: number) =>
    Math.max(20, ...[Titles, ...Processes].map((row: string[]) => row[column]!.length + 3)),
  )
  for (const row of [Titles, ...Processes])
    out(
      `${row.map((cell: string, column: number) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]))).join('')}\n`,
    )
  return 0
}

const stats: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    'no-stream': { kind: 'boolean' },
    'no-trunc': { kind: 'boolean' },
    format: { kind: 'string' },
  })
  const names =
    flags.args.length > 0
      ? flags.args
      : (await client.json('GET', '/containers/json')).map(({ Id }: { Id: string }) => Id)
  const rows = await Promise.all(
    names.map(async (name: string) => {
      const value = await client.json('GET', `/containers/${name}/stats?stream=0`)
      const { cpu_stats: cpu, precpu_stats: before, memory_stats: memory, pids_stats: pids } = value
      const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage
      const system = (cpu.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0)
      const percent = system > 0 ? (used / system) * (cpu.online_cpus ?? 1) * 100 : 0
      return {
        ID: flags.has('no-trunc') ? value.id : shortId(value.id),
        Container: name,
        Name: value.name.slice(1),
        CPUPerc: `${percent.toFixed(2)}%`,
        MemUsage: `${binarySize(memory.usage ?? 0)} / ${binarySize(memory.limit ?? 0)}`,
        MemPerc: `${(memory.limit ? (memory.usage / memory.limit) * 100 : 0).toFixed(2)}%`,
        NetIO: '0B / 0B',
        BlockIO: '0B / 0B',
        PIDs: String(pids.current ?? 0),
      }
    }),
  )
  out(
    formatted(
      flags,
      {
        ID: 'CONTAINER ID',
        Name: 'NAME',
        CPUPerc: 'CPU %',
        MemUsage: 'MEM USAGE / LIMIT',
        MemPerc: 'MEM %',
        NetIO: 'NET I/O',
        BlockIO: 'BLOCK I/O',
        PIDs: 'PIDS',
      },
      rows,
    ),
  )
  return 0
}

const attach: Command = async (client, words) => {
  const flags = parseFlags(words, { 'no-stdin': { kind: 'boolean' }, 'sig-proxy': { kind: 'boolean' } })
  need(flags.args, 1, 'docker attach [OPTIONS] CONTAINER')
  const name = flags.args[0]!
  const { State, Config } = await client.json('GET', `/containers/${name}/json`)
  if (!State.Running) throw new CommandError('cannot attach to a stopped container, start it first')
  if (State.Paused) throw new CommandError('cannot attach to a paused container, unpause it first')
  const stdin = Config.OpenStdin && !flags.has('no-stdin')
  const ended = client.json('POST', `/containers/${name}/wait`)
  const socket = await client.hijack(
    `/containers/${name}/attach?stream=1&stdout=1&stderr=1${stdin ? '&stdin=1' : ''}`,
  )
  if (Config.Tty) await resize(client, `/containers/${name}`)
  await stream(socket, Config.Tty, stdin)
  return (await ended).StatusCode
}

const prune: Command = async (client, words) => {
  const flags = parseFlags(words, { filter: { kind: 'list' }, force: { short: 'f', kind: 'boolean' } })
  if (!(await confirm(flags, 'WARNING! This will remove all stopped containers.'))) return 0
  const query = new URLSearchParams({ filters: JSON.stringify(filtersOf(flags.list('filter'))) })
  const { ContainersDeleted, SpaceReclaimed } = await client.json('POST', `/containers/prune?${query}`)
  if (ContainersDeleted) out(`Deleted Containers:\n${ContainersDeleted.join('\n')}\n\n`)
  out(`Total reclaimed space: ${humanSize(SpaceReclaimed, 4)}\n`)
  return 0
}

const events: Command = async (client, words) => {
  const flags = parseFlags(words, {
    filter: { short: 'f', kind: 'list' },
    since: { kind: 'string' },
    until: { kind: 'string' },
    format: { kind: 'string' },
  })
  const query = new URLSearchParams({ filters: JSON.stringify(filtersOf(flags.list('filter'))) })
  for (const name of ['since', 'until']) if (flags.text(name)) query.set(name, flags.text(name)!)
  for await (const event of readMessages(await client.send('GET', `/events?${query}`))) {
    if (flags.text('format')) {
      out(formatted(flags, {}, [event]))
      continue
    }
    const attributes = Object.entries(event.Actor.Attributes as Record<string, string>)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
    const time = new Date(event.timeNano / 1e6).toISOString().replace('Z', '000000Z')
    out(
      `${time} ${event.Type} ${event.Action} ${event.Actor.ID}${attributes.length > 0 ? ` (${attributes.join(', ')})` : ''}\n`,
    )
  }
  return 0
}

const diskUse: Command = async (client, words) => {
  const flags = parseFlags(words, { verbose: { short: 'v', kind: 'boolean' }, format: { kind: 'string' } })
  const { Images, Containers, Volumes, LayersSize } = await client.json('GET', '/system/df')
  const sum = (list: number[]) => list.reduce((total, size) => total + size, 0)
  const row = (Type: string, total: number, active: number, size: number, free: number) => ({
    Type,
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(size, 4),
    Reclaimable: `${humanSize(free, 4)}${size > 0 ? ` (${Math.floor((free / size) * 100)}%)` : ''}`,
  })
  const used = Images.filter(({ Containers: count }: { Containers: number }) => count > 0)
  const unique = ({ Size, SharedSize }: { Size: number; SharedSize: number }) => Size - SharedSize
  const sizes = Containers.map(({ SizeRw }: { SizeRw: number }) => SizeRw)
  const stopped = Containers.filter(
    ({ State }: { State: string }) => State !== 'running' && State !== 'paused',
  )
  const volume = ({ UsageData }: { UsageData: { Size: number } }) => UsageData.Size
  const idle = Volumes.filter(
    ({ UsageData }: { UsageData: { RefCount: number } }) => UsageData.RefCount === 0,
  )
  out(
    formatted(
      flags,
      { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
      [
        row('Images', Images.length, used.length, LayersSize, LayersSize - sum(used.map(unique))),
        row(
          'Containers',
          Containers.length,
          Containers.length - stopped.length,
          sum(sizes),
          sum(stopped.map(({ SizeRw }: { SizeRw: number }) => SizeRw)),
        ),
        row(
          'Local Volumes',
          Volumes.length,
          Volumes.length - idle.length,
          sum(Volumes.map(volume)),
          sum(idle.map(volume)),
        ),
        { Type: 'Build Cache', TotalCount: '0', Active: '0', Size: '0B', Reclaimable: '0B' },
      ],
    ),
  )
  return 0
}

const contexts: Command = async (client) => {
  out(
    table(
      ['NAME', 'DESCRIPTION', 'DOCKER ENDPOINT', 'ERROR'],
      [['default *', 'Current DOCKER_HOST based configuration', client.host, '']],
    ),
  )
  return 0
}

/** Commands on the life of containers and on the engine, by their words after `docker`. */
export const LIFE_COMMANDS: Record<string, Command> = {
  attach,
  events,
  port,
  rename,
  stats,
  top,
  update,
  wait,
  pause: simple('pause'),
  unpause: simple('unpause'),
  'container attach': attach,
  'container pause': simple('pause'),
  'container port': port,
  'container prune': prune,
  'container rename': rename,
  'container stats': stats,
  'container top': top,
  'container unpause': simple('unpause'),
  'container update': update,
  'container wait': wait,
  'context ls': contexts,
  'context show': async () => {
    out('default\n')
    return 0
  },
  'system df': diskUse,
  'system events': events,
}
