import { type Command, confirm, each, need, out } from './command.ts'
import { filtersOf, pairsOf, parseFlags } from './flags.ts'
import { formatted, shortId } from './format.ts'

const ls: Command = async (client, words) => {
  const flags = parseFlags(words, {
    filter: { short: 'f', kind: 'list' },
    format: { kind: 'string' },
    'no-trunc': { kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
  })
  const query = new URLSearchParams({ filters: JSON.stringify(filtersOf(flags.list('filter'))) })
  const list = await client.json('GET', `/networks?${query}`)
  const rows = list
    .map((network: { Id: string; Name: string; Driver: string; Scope: string }) => ({
      ID: flags.has('no-trunc') ? network.Id : shortId(network.Id),
      Name: network.Name,
      Driver: network.Driver,
      Scope: network.Scope,
    }))
    .sort((a: { Name: string }, b: { Name: string }) => (a.Name < b.Name ? -1 : 1))
  out(formatted(flags, { ID: 'NETWORK ID', Name: 'NAME', Driver: 'DRIVER', Scope: 'SCOPE' }, rows))
  return 0
}

const create: Command = async (client, words) => {
  const flags = parseFlags(words, {
    attachable: { kind: 'boolean' },
    driver: { short: 'd', kind: 'string' },
    gateway: { kind: 'string' },
    internal: { kind: 'boolean' },
    'ip-range': { kind: 'string' },
    label: { kind: 'list' },
    opt: { short: 'o', kind: 'list' },
    subnet: { kind: 'string' },
  })
  need(flags.args, 1, 'docker network create [OPTIONS] NETWORK')
  const subnet = flags.text('subnet')
  const body = {
    Name: flags.args[0],
    Driver: flags.text('driver') ?? 'bridge',
    Internal: flags.has('internal'),
    Attachable: flags.has('attachable'),
    Labels: pairsOf(flags.list('label')),
    Options: pairsOf(flags.list('opt')),
    IPAM: {
      Driver: 'default',
      Config: subnet
        ? [{ Subnet: subnet, Gateway: flags.text('gateway') ?? '', IPRange: flags.text('ip-range') ?? '' }]
        : [],
    },
  }
  out(`${(await client.json('POST', '/networks/create', { body })).Id}\n`)
  return 0
}

const rm: Command = async (client, words) => {
  const flags = parseFlags(words, { force: { short: 'f', kind: 'boolean' } })
  need(flags.args, 1, 'docker network rm NETWORK [NETWORK...]', false)
  const status = await each(flags.args, async (name) => {
    await client.send('DELETE', `/networks/${name}`)
    out(`${name}\n`)
  })
  // The real client says so once more.
  if (status !== 0) process.stderr.write(`exit status ${status}\n`)
  return status
}

const connect: Command = async (client, words) => {
  const flags = parseFlags(words, { alias: { kind: 'list' }, ip: { kind: 'string' } })
  need(flags.args, 2, 'docker network connect [OPTIONS] NETWORK CONTAINER')
  const body = {
    Container: flags.args[1],
    EndpointConfig: {
      Aliases: flags.list('alias'),
      ...(flags.text('ip') ? { IPAMConfig: { IPv4Address: flags.text('ip') } } : {}),
    },
  }
  await client.send('POST', `/networks/${flags.args[0]}/connect`, { body })
  return 0
}

const disconnect: Command = async (client, words) => {
  const flags = parseFlags(words, { force: { short: 'f', kind: 'boolean' } })
  need(flags.args, 2, 'docker network disconnect [OPTIONS] NETWORK CONTAINER')
  const body = { Container: flags.args[1], Force: flags.has('force') }
  await client.send('POST', `/networks/${flags.args[0]}/disconnect`, { body })
  return 0
}

const prune: Command = async (client, words) => {
  const flags = parseFlags(words, { filter: { kind: 'list' }, force: { short: 'f', kind: 'boolean' } })
  if (
    !(await confirm(
      flags,
      'WARNING! This will remove all custom networks not used by at least one container.',
    ))
  )
    return 0
  const query = new URLSearchParams({ filters: JSON.stringify(filtersOf(flags.list('filter'))) })
  const { NetworksDeleted } = await client.json('POST', `/networks/prune?${query}`)
  if (NetworksDeleted) out(`Deleted Networks:\n${NetworksDeleted.join('\n')}\n\n`)
  return 0
}

/** `docker network …` */
export const NETWORK_COMMANDS: Record<string, Command> = {
  'network ls': ls,
  'network list': ls,
  'network create': create,
  'network rm': rm,
  'network remove': rm,
  'network connect': connect,
  'network disconnect': disconnect,
  'network prune': prune,
}
