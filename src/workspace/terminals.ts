import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { WorldInfo } from '#cloud/api.ts'
import { PtyHostClient } from './pty-host/client.ts'
import type { Link } from './pty-host/link.ts'
import type { Toolbox } from './tools/install.ts'

/** What a new terminal's shell is given. */
export interface ShellOptions {
  /** The whole environment. */
  environment: Record<string, string>
  /** The learner's home, where it starts. */
  home: string
  /** What it reaches of the cloud. */
  world: Pick<WorldInfo, 'proxyUrl' | 'caFile' | 'dockerHost'>
  /** The programs on its PATH. */
  toolbox: Toolbox
  /** The folder in which is kept what it shows, by the terminal's id; nothing is when left out. */
  recording?: string
  /** Words for bash; it talks to a person when they are left out. */
  arguments?: string[]
}

/** How a learner's shell is run. Another way (a sandbox, a container) is another implementation of this. */
export interface Workspace {
  /** Starts a shell; gives the terminal's id: 128 random bits. */
  open(shell: ShellOptions): Promise<string>
  /** The ids of the terminals that exist, and whether the shell still runs. */
  list(): Promise<Map<string, { running: boolean }>>
  /** Ends a terminal with everything that it started. */
  end(terminal: string): Promise<void>
  /** A connection in the format of `pty-host/link.ts`. */
  attach(terminal: string, columns: number, rows: number, received?: number): Promise<Link>
  /** A connection for somebody who looks on: as `attach`, without taking the terminal over or changing its size. */
  watch(terminal: string): Promise<Link>
  /**
   * Connects to a port of the loopback that the terminals of a home share; left out where that is this machine's. Rejects
   * when nothing listens there, or no terminal is open.
   */
  dial?(home: string, port: number): Promise<Socket>
  /** Lets go; terminals go on. */
  close(): Promise<void>
  /** Ends all terminals. */
  stop(): Promise<void>
}

/** Shells as processes of this machine and this user, in a pty-host. */
export class LocalWorkspace implements Workspace {
  readonly #host: PtyHostClient

  /** `folder`: the pty-host's. */
  constructor(folder: string) {
    this.#host = new PtyHostClient({ folder })
  }

  async open({ environment, home, recording, arguments: words = [] }: ShellOptions): Promise<string> {
    const id = randomBytes(16).toString('base64url')
    await this.#host.spawn({
      id,
      file: 'bash',
      arguments: words,
      environment,
      folder: home,
      // Until the page says its size.
      columns: 80,
      rows: 24,
      ...(recording !== undefined && { record: join(recording, id) }),
    })
    return id
  }

  async list(): Promise<Map<string, { running: boolean }>> {
    const terminals = await this.#host.terminals()
    return new Map(terminals.map(({ id, exit }) => [id, { running: !exit }]))
  }

  end(terminal: string): Promise<void> {
    return this.#host.end(terminal)
  }

  attach(terminal: string, columns: number, rows: number, received?: number): Promise<Link> {
    return this.#host.attach(terminal, columns, rows, received)
  }

  watch(terminal: string): Promise<Link> {
    return this.#host.watch(terminal)
  }

  close(): Promise<void> {
    return this.#host.close()
  }

  stop(): Promise<void> {
    return this.#host.stop()
  }
}
