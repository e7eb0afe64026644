import { type Command, confirm, each, need, out } from './command.ts'
import { filtersOf, pairsOf, parseFlags } from './flags.ts'
import { formatted, humanSize } from './format.ts'

const ls: Command = async (client, words) => {
  const flags = parseFlags(words, {
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
    quiet: { short: 'q', kind: 'boolean' },
  })
  const query = new URLSearchParams({ filters: JSON.stringify(filtersOf(flags.list('filter'))) })
  const { Volumes } = await client.json('GET', `/volumes?${query}`)
  const rows = Volumes.map(({ Name, Driver, Mountpoint, Scope }: Record<string, string>) => ({
    ID: Name,
    Driver,
    Name,
    Mountpoint,
    Scope,
  }))
  out(formatted(flags, { Driver: 'DRIVER', Name: 'VOLUME NAME' }, rows))
  return 0
}

const create: Command = async (client, words) => {
  const flags = parseFlags(words, {
    driver: { short: 'd', kind: 'string' },
    label: { kind: 'list' },
    opt: { short: 'o', kind: 'list' },
  })
  const body = {
    Name: flags.args[0] ?? '',
    Driver: flags.text('driver') ?? '',
    Labels: pairsOf(flags.list('label')),
    DriverOpts: pairsOf(flags.list('opt')),
  }
  out(`${(await client.json('POST', '/volumes/create', { body })).Name}\n`)
  return 0
}

const rm: Command = (client, words) => {
  const flags = parseFlags(words, { force: { short: 'f', kind: 'boolean' } })
  need(flags.args, 1, 'docker volume rm [OPTIONS] VOLUME [VOLUME...]', false)
  return each(flags.args, async (name) => {
    await client.send('DELETE', `/volumes/${name}${flags.has('force') ? '?force=1' : ''}`)
    out(`${name}\n`)
  })
}

const prune: Command = async (client, words) => {
  const flags = parseFlags(words, {
    all: { short: 'a', kind: 'boolean' },
    filter: { kind: 'list' },
    force: { short: 'f', kind: 'boolean' },
  })
  const what = flags.has('all') ? 'all' : 'anonymous'
  if (
    !(await confirm(
      flags,
      `WARNING! This will remove ${what} local volumes not used by at least one container.`,
    ))
  )
    return 0
  const filters = { ...filtersOf(flags.list('filter')), ...(flags.has('all') ? { all: ['true'] } : {}) }
  const query = new URLSearchParams({ filters: JSON.stringify(filters) })
  const { VolumesDeleted, SpaceReclaimed } = await client.json('POST', `/volumes/prune?${query}`)
  if (VolumesDeleted?.length > 0) out(`Deleted Volumes:\n${VolumesDeleted.join('\n')}\n\n`)
  out(`Total reclaimed space: ${humanSize(SpaceReclaimed, 4)}\n`)
  return 0
}

/** `docker volume …` */
export const VOLUME_COMMANDS: Record<string, Command> = {
  'volume ls': ls,
  'volume list': ls,
  'volume create': create,
  'volume rm': rm,
  'volume remove': rm,
  'volume prune': prune,
}
