import { answered, EtcdError, table } from '../etcd/commands.ts'
import type { Member } from '../etcd/ensemble.ts'
import type { EtcdServer } from '../machines.ts'
import { type Client, integer } from './client.ts'

export async function memberList(client: Client): Promise<void> {
  const server = await client.agreed()
  const members = [...server.ensemble.members].sort((a, b) => (a.id < b.id ? -1 : 1))
  if (client.form === 'json') {
    const list = members.map(({ id, name, peerUrls, clientUrls, learner }) => ({
      ID: integer(id),
      name,
      peerURLs: peerUrls,
      ...(clientUrls.length > 0 && { clientURLs: clientUrls }),
      ...(learner && { isLearner: true }),
    }))
    return client.printJson({ header: client.header(server), members: list })
  }
  const rows = members.map(({ id, name, peerUrls, clientUrls, learner }) => [
    id,
    name === '' ? 'unstarted' : 'started',
    name,
    peerUrls.join(','),
    clientUrls.join(','),
    String(learner ?? false),
  ])
  await client.print(
    client.form === 'table'
      ? table(['ID', 'Status', 'Name', 'Peer Addrs', 'Client Addrs', 'Is Learner'], rows)
      : rows.map((row) => `${row.join(', ')}\n`).join(''),
  )
}

/** The member that a command names. Throws EtcdError. */
async function memberNamed(client: Client, id: string | undefined): Promise<[EtcdServer, Member]> {
  if (id === undefined) throw new EtcdError('member ID is not provided', 128)
  if (!/^[0-9a-f]{1,16}$/.test(id))
    throw new EtcdError(
      `bad member ID arg (strconv.ParseUint: parsing "${id}": invalid syntax), expecting ID in Hex`,
      128,
    )
  const server = await client.agreed()
  const member = server.ensemble.member(id)
  if (!member) throw new EtcdError('etcdserver: member not found')
  return [server, member]
}

const peerUrls = ({ flags }: Client): string[] => flags.get('peer-urls')?.split(',').filter(Boolean) ?? []

const clusterOf = ({ ensemble }: EtcdServer): string => ensemble.id.slice(0, 16)

export async function memberAdd(client: Client, [name = '']: string[]): Promise<void> {
  const urls = peerUrls(client)
  if (name === '') throw new EtcdError('member name not provided', 128)
  if (urls.length === 0) throw new EtcdError('member peer urls not provided', 128)
  const server = await client.agreed()
  const added = answered(() => server.ensemble.add(urls, client.flags.has('learner')))
  const all = server.ensemble.members.flatMap((member) =>
    member.peerUrls.map((url) => `${member.id === added.id ? name : member.name}=${url}`),
  )
  await client.print(
    `Member ${added.id} added to cluster ${clusterOf(server)}\n\nETCD_NAME="${name}"\nETCD_INITIAL_CLUSTER="${all.join(',')}"\nETCD_INITIAL_ADVERTISE_PEER_URLS="${urls.join(',')}"\nETCD_INITIAL_CLUSTER_STATE="existing"\n`,
  )
}

export async function memberRemove(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  const started = server.ensemble.members.filter(
    (other) => server.ensemble.runs(other.id) && other !== member,
  )
  if (server.ensemble.members.length > 1 && started.length <= (server.ensemble.members.length - 1) / 2)
    throw new EtcdError('etcdserver: re-configuration failed due to not enough started members')
  server.ensemble.remove(member.id)
  await client.print(`Member ${member.id} removed from cluster ${clusterOf(server)}\n`)
}

export async function memberPromote(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  if (!member.learner) throw new EtcdError('etcdserver: can only promote a learner member')
  if (!server.ensemble.runs(member.id))
    throw new EtcdError('etcdserver: can only promote a learner member which is in sync with leader')
  server.ensemble.change(member.id, { learner: false })
  await client.print(`Member ${member.id} promoted in cluster ${clusterOf(server)}\n`)
}

export async function memberUpdate(client: Client, [id]: string[]): Promise<void> {
  const [server, member] = await memberNamed(client, id)
  const urls = peerUrls(client)
  if (urls.length === 0) throw new EtcdError('member peer urls not provided', 128)
  server.ensemble.change(member.id, { peerUrls: urls })
  await client.print(`Member ${member.id} updated in cluster ${clusterOf(server)}\n`)
}
