import type { Socket } from 'node:net'
import { SandboxNetwork } from '../sandbox/network.ts'
import type { NetworkSpec } from './messages.ts'

interface Entry {
  network: Promise<SandboxNetwork>
  /** Terminals in it. */
  users: number
}

/** The networks of terminals: made for the first, gone with the last. */
export class Networks {
  readonly #entries = new Map<string, Entry>()

  /** What to put before a command so that it runs in there, and what to call once it has ended. */
  async enter(spec: NetworkSpec): Promise<{ command: string[]; leave(): void }> {
    const entry = this.#entries.get(spec.id) ?? { network: SandboxNetwork.open(spec), users: 0 }
    this.#entries.set(spec.id, entry)
    entry.users++
    const leave = () => {
      if (--entry.users > 0) return
      this.#entries.delete(spec.id)
      entry.network.then((network) => network.close()).catch(() => {})
    }
    try {
      return { command: (await entry.network).enter, leave }
    } catch (error) {
      leave()
      throw error
    }
  }

  /** Connects to a port of a network that a terminal is in. */
  async dial(id: string, port: number): Promise<Socket> {
    const network = await this.#entries.get(id)?.network
    if (!network) throw new Error('no terminal of this lab is open')
    return network.dial(port)
  }

  close(): void {
    for (const { network } of this.#entries.values()) network.then((one) => one.close()).catch(() => {})
    this.#entries.clear()
  }
}
