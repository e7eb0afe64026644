import { writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { CertificateIssuer, createAuthority } from '#network/authority.ts'
import type { Host } from '#network/hosts.ts'
import { ForwardProxy } from '#network/proxy.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'

/** The lab network with hosts that a test gives: the product's own door and addresses, and no cloud behind them. */
export class LabNetwork {
  readonly network = new VirtualNetwork()
  readonly hosts: Record<string, Host> = {}
  readonly caFile: string
  readonly #proxy: ForwardProxy
  readonly #servers: Server[] = []
  #port = 0

  private constructor(caFile: string, proxy: (network: LabNetwork) => ForwardProxy) {
    this.caFile = caFile
    this.#proxy = proxy(this)
  }

  /** `folder` keeps the authority's certificate. */
  static async start(folder: string): Promise<LabNetwork> {
    const authority = await createAuthority('Test CA', Date.now())
    const caFile = join(folder, 'ca.crt')
    await writeFile(caFile, authority.certificate)
    const network = new LabNetwork(
      caFile,
      ({ hosts }) =>
        new ForwardProxy({
          issuer: new CertificateIssuer(authority, Date.now),
          worlds: { hosts: async () => ({ resolve: (name, port) => hosts[`${name}:${port}`] }) },
        }),
    )
    network.#port = await network.#proxy.listen(0)
    return network
  }

  /** A world's part of `WorldInfo`. */
  get world() {
    return { proxyUrl: `http://world:secret@127.0.0.1:${this.#port}`, caFile: this.caFile }
  }

  /** A web server in the lab network, by `name:port`. */
  serve(host: string, answer: RequestListener): Server {
    const server = createServer(answer)
    this.#servers.push(server)
    const address = `10.0.0.${this.#servers.length}`
    this.network.listen(address, 80, (socket: Duplex) => server.emit('connection', socket))
    this.hosts[host] = { kind: 'tcp', connect: () => this.network.connect({ address, port: 80 }) }
    return server
  }

  close(): Promise<void> {
    return this.#proxy.close()
  }
}
