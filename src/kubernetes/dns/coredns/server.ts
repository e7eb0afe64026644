import { failure, type Query, type Reply } from '#network/dns-message.ts'
import { CorefileError, type Directive, parseCorefile, type ServerBlock } from './corefile.ts'
import { forward } from './forward.ts'
import { hosts } from './hosts.ts'
import { kubernetes } from './kubernetes.ts'
import { type Handler, type Plugin, QueryError, type Surroundings, zoneFor } from './plugin.ts'
import { rewrite } from './rewrite.ts'
import { template } from './template.ts'

/** The plugins that answer, in the order in which a server asks them (coredns/plugin.cfg). */
const ANSWERING: [string, Plugin][] = [
  ['rewrite', rewrite],
  ['template', template],
  ['hosts', hosts],
  ['kubernetes', kubernetes],
  ['forward', forward],
]
/** Plugins that the program itself sees to. */
const OWN = ['errors', 'log', 'health', 'ready', 'prometheus', 'reload', 'loop']
/** What is read and changes nothing here. */
const WITHOUT_EFFECT =
  'acl any autopath bind bufsize cache cancel debug dns64 dnssec dnstap header loadbalance local metadata minimal multisocket nsid pprof root timeouts trace tls'.split(
    ' ',
  )
/** What answers, and is not simulated. */
const REFUSED =
  'auto azure chaos clouddns erratic etcd file geoip grpc grpc_server https https3 k8s_external nomad on quic route53 secondary sign transfer tsig view whoami'.split(
    ' ',
  )
export const DIRECTIVES: ReadonlySet<string> = new Set([
  ...ANSWERING.map(([name]) => name),
  ...OWN,
  ...WITHOUT_EFFECT,
  ...REFUSED,
])

/** What a server does with a query that it has answered. */
export interface Answered {
  query: Query
  reply: Reply
  /** What the errors plugin tells. */
  error: string | undefined
  block: ServerBlock
}

/** The server blocks of a Corefile, ready to answer. */
export class DnsServers {
  readonly blocks: ServerBlock[]
  readonly #handlers = new Map<ServerBlock, Handler[]>()

  /** Throws CorefileError in CoreDNS's words. */
  constructor(corefile: string, path: string, env: ReadonlyMap<string, string>, around: Surroundings) {
    this.blocks = parseCorefile(corefile, path, DIRECTIVES, env)
    for (const block of this.blocks) {
      const handlers = ANSWERING.flatMap(([name, plugin]) =>
        block.directives
          .filter((directive) => directive.name === name)
          .map((directive) => {
            const fail = (message: string): never => {
              throw new CorefileError(
                `plugin/${name}: ${path}:${directive.line} - Error during parsing: ${message}`,
              )
            }
            const ask = (query: Query) => this.answer(query, block.port)?.reply ?? failure('SERVFAIL')
            return plugin({ ...around, directive, block, fail, ask })
          }),
      )
      for (const { name } of block.directives)
        if (REFUSED.includes(name)) throw new CorefileError(`plugin/${name}: drydock: is not simulated`)
      this.#handlers.set(block, handlers)
    }
  }

  get ports(): number[] {
    return [...new Set(this.blocks.map(({ port }) => port))]
  }

  /** The first directive of a name, in any block. */
  find(name: string): Directive | undefined {
    for (const block of this.blocks) {
      const directive = block.directives.find((one) => one.name === name)
      if (directive) return directive
    }
  }

  /** The answer of the block whose zone fits best; undefined: no block is for that name. */
  answer(query: Query, port: number): Answered | undefined {
    const here = this.blocks.filter((block) => block.port === port)
    const zone = zoneFor(
      query.name,
      here.flatMap(({ zones }) => zones),
    )
    const block = zone === undefined ? undefined : here.find(({ zones }) => zones.includes(zone))
    if (!block) return undefined
    const handlers = this.#handlers.get(block)!
    const step = (index: number): Reply => {
      const handler = handlers[index]
      if (!handler) throw new QueryError('plugin/errors: no next plugin found')
      return handler(query, () => step(index + 1))
    }
    const asked = { ...query }
    try {
      return { query: asked, reply: step(0), error: undefined, block }
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return { query: asked, reply: failure('SERVFAIL'), error: error.message, block }
    }
  }
}
