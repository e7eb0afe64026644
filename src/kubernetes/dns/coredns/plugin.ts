import type { Query, Question, Reply } from '#network/dns-message.ts'
import type { Peer } from '#network/virtual-network.ts'
import type { ClusterRecords } from '../records.ts'
import type { Directive, ServerBlock } from './corefile.ts'

/** What a CoreDNS finds around it. */
export interface Surroundings {
  /** The names of the cluster that it runs in; undefined: it runs in none. */
  records: ClusterRecords | undefined
  /** Whether its service account may read them. */
  synced(): boolean
  /** A name as its node resolves it (`/etc/resolv.conf`); undefined: NXDOMAIN. */
  upstream(name: string): string | undefined
  /** Asks another name server. Throws ConnectError; undefined: no answer. */
  exchange(server: Peer, question: Question): Reply | undefined
  /** A file of its container; undefined: there is none. */
  read(path: string): string | undefined
  /** A random whole number below `count`. */
  pick(count: number): number
  address: string
}

/** Why a query could not be answered, as the errors plugin tells it; the client gets SERVFAIL. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}

/** Answers a query, or leaves it to the next plugin. Throws QueryError. */
export type Handler = (query: Query, next: () => Reply) => Reply

/** What a directive of a server block is set up from. */
export interface Setup extends Surroundings {
  directive: Directive
  block: ServerBlock
  /** Asks the whole server anew, as for what an alias leads to. */
  ask(query: Query): Reply
  /** Throws CorefileError in the plugin's name. */
  fail(message: string): never
}

export type Plugin = (setup: Setup) => Handler

/** Whether a name is in a zone; `''` is the root. */
export const isIn = (name: string, zone: string): boolean =>
  zone === '' || name === zone || name.endsWith(`.${zone}`)

/** A zone as it stands in a Corefile, without the last dot. */
export const zoneOf = (text: string): string => text.toLowerCase().replace(/\.$/, '')

/** The longest of the zones that a name is in. */
export const zoneFor = (name: string, zones: readonly string[]): string | undefined =>
  zones.filter((zone) => isIn(name, zone)).sort((a, b) => b.length - a.length)[0]

/** `fallthrough [ZONES…]`: whether a name that is not there goes on to the next plugin. */
export function fallsThrough(body: readonly string[][]): (name: string) => boolean {
  const line = body.find(([word]) => word === 'fallthrough')
  if (!line) return () => false
  const zones = line.slice(1).map(zoneOf)
  return (name) => zones.length === 0 || zoneFor(name, zones) !== undefined
}
