import { resolvePath } from '#containers/files/tree.ts'
import type { Process } from '#containers/processes/process.ts'
import { type CommandLine, EtcdError, logLine } from '../etcd/commands.ts'
import { EtcdData } from '../etcd/data.ts'
import { type EtcdServer, issuedBy, type Machines } from '../machines.ts'

/** `--command-timeout` */
export const TIMEOUT_MS = 5_000
export const DEADLINE = 'context deadline exceeded'

/** What a command works with. */
export class Client {
  readonly process: Process
  readonly machines: Machines
  readonly words: string[]
  readonly flags: Map<string, string>

  constructor(process: Process, machines: Machines, { words, flags }: CommandLine) {
    this.process = process
    this.machines = machines
    this.words = words
    this.flags = flags
  }

  get endpoints(): string[] {
    return (this.flags.get('endpoints') ?? '127.0.0.1:2379').split(',').filter(Boolean)
  }

  /** `--endpoints`, or with `--cluster` those of all members. */
  async allEndpoints(): Promise<string[]> {
    if (!this.flags.has('cluster')) return this.endpoints
    return (await this.any()).ensemble.members.flatMap(({ clientUrls }) => clientUrls)
  }

  /** The etcd at one endpoint, or why it does not answer. */
  async dial(endpoint: string): Promise<EtcdServer | { trouble: string }> {
    const { files, address } = this.process.machine
    const read = async (flag: string) => {
      const path = this.flags.get(flag)
      if (path === undefined) return undefined
      const bytes = await files.read(resolvePath(this.process.cwd, path)).catch(() => undefined)
      if (!bytes) throw new EtcdError(`open ${path}: no such file or directory`, 128)
      return Buffer.from(bytes).toString()
    }
    const certificate = await read('cert')
    await read('cacert')
    await read('key')
    if ((certificate === undefined) !== (this.flags.get('key') === undefined))
      throw new EtcdError('KeyFile and CertFile must both be present[key: , cert: ]', 128)
    const url = URL.parse(endpoint.includes('://') ? endpoint : `tcp://${endpoint}`)
    const host = url?.hostname ?? ''
    const own = host === 'localhost' || host.startsWith('127.')
    const to = own ? address : (this.process.machine.resolveName(host) ?? host)
    const place = `${own ? '127.0.0.1' : host}:${url?.port || 2379}`
    const found = this.machines.etcdAt(`${to}:${url?.port || 2379}`)
    if (!found)
      return {
        trouble: `connection error: desc = "transport: Error while dialing: dial tcp ${place}: connect: connection refused"`,
      }
    if (found.clientAuthority === undefined) return found
    if (url?.protocol === 'http:' || (url?.protocol === 'tcp:' && !this.flags.has('cacert') && !certificate))
      return {
        trouble: `connection error: desc = "error reading server preface: read tcp ${place}: read: connection reset by peer"`,
      }
    if (!certificate || !issuedBy(certificate, found.clientAuthority))
      return {
        trouble: `connection error: desc = "error reading server preface: remote error: tls: ${certificate ? 'bad certificate' : 'certificate required'}"`,
      }
    return found
  }

  /** An etcd of the endpoints that answers. Waits for its time-out and throws EtcdError when none does. */
  async any(): Promise<EtcdServer> {
    let trouble = ''
    for (const endpoint of this.endpoints) {
      const found = await this.dial(endpoint)
      if (!('trouble' in found)) return found
      trouble ||= found.trouble
    }
    await this.#timeOut(trouble)
    throw new EtcdError(DEADLINE)
  }

  /** As `any`, for what all members must agree on. */
  async agreed(): Promise<EtcdServer> {
    const found = await this.any()
    if (found.ensemble.leader !== undefined) return found
    await this.#timeOut('etcdserver: request timed out')
    throw new EtcdError(DEADLINE)
  }

  data({ ensemble }: EtcdServer): EtcdData {
    return new EtcdData(this.machines.options.world, ensemble.id)
  }

  /** A flag with a whole number; 0 when it is not set. Throws EtcdError in pflag's words. */
  count(flag: string): number {
    const given = this.flags.get(flag) ?? '0'
    if (!/^[-+]?\d+$/.test(given))
      throw new EtcdError(
        `invalid argument ${JSON.stringify(given)} for "--${flag}" flag: strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`,
      )
    return Number(given)
  }

  /** `--write-out` */
  get form(): string {
    return this.flags.get('write-out') ?? 'simple'
  }

  print(text: string): Promise<void> {
    return this.process.print(text)
  }

  printJson(value: unknown): Promise<void> {
    return this.print(`${JSON.stringify(value)}\n`)
  }

  /** What each answer of an etcd begins with. */
  header(server: EtcdServer) {
    return {
      cluster_id: integer(server.ensemble.id.slice(0, 16)),
      member_id: integer(server.member),
      revision: this.data(server).revision,
      raft_term: server.ensemble.term,
    }
  }

  async #timeOut(trouble: string): Promise<void> {
    await this.process.sleep(TIMEOUT_MS)
    await logLine(
      this.process,
      'warn',
      'v3@v3.6.6/retry_interceptor.go:65',
      'retrying of unary invoker failed',
      {
        logger: 'etcd-client',
        target: `etcd-endpoints://0xc000022000/${this.endpoints[0]}`,
        attempt: 0,
        error: `rpc error: code = DeadlineExceeded desc = latest balancer error: ${trouble}`,
      },
    )
  }
}

/** An id of hexadecimal digits as JSON's number, all of its 64 bits. */
export const integer = (hex: string): unknown => rawJson(BigInt(`0x${hex}`).toString())

// TypeScript's library does not have it yet.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown }

/** What a proposal takes, most of it the disk's `fdatasync`: some ten milliseconds. */
export const took = ({ process }: Client, index: number): string =>
  `${(9 + ((process.machine.clock.now() + 37 * index) % 4000) / 1000 + 0.000287).toFixed(6)}ms`
