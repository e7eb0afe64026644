import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { NetworkSpec } from '../pty-host/messages.ts'
import type { Dialled } from './dial.ts'
import { relay } from './relay.ts'

/** What the program that holds a network may take to start, ms. */
const START_TIMEOUT = 10_000
const LISTEN = fileURLToPath(new URL('./listen.ts', import.meta.url))
const DIAL = fileURLToPath(new URL('./dial.ts', import.meta.url))

/**
 * A loopback of its own for the terminals of one workspace (they reach one another's programs), and nothing else: no
 * interface leads out. On a few of its ports this process listens and carries the connections to the same ports of
 * this machine.
 */
export class SandboxNetwork {
  readonly #holder: ChildProcess
  readonly #servers: Server[] = []
  readonly #pid: number
  #dialer: ChildProcess | undefined
  #dials = 0

  private constructor(holder: ChildProcess, pid: number) {
    this.#holder = holder
    this.#pid = pid
  }

  /** Rejects when this system allows no namespaces. */
  static async open({ ports }: NetworkSpec): Promise<SandboxNetwork> {
    const holder = spawn(
      'bwrap',
      [
        '--unshare-user',
        '--unshare-net',
        '--ro-bind',
        '/',
        '/',
        '--die-with-parent',
        '--info-fd',
        '3',
        'sleep',
        'infinity',
      ],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] },
    )
    const network = new SandboxNetwork(holder, await holderPid(holder))
    try {
      for (const port of ports) network.#servers.push(await network.#listen(port))
    } catch (error) {
      network.close()
      throw error
    }
    return network
  }

  /** What to put before a command so that it runs in here. */
  get enter(): string[] {
    return ['nsenter', '--target', String(this.#pid), '--user', '--net', '--preserve-credentials', '--']
  }

  close(): void {
    for (const server of this.#servers) server.close()
    this.#dialer?.kill()
    this.#holder.kill('SIGKILL')
  }

  /** Connects to what listens on a port in here. A process goes in at the first time, connects there and hands sockets out to us. */
  dial(port: number): Promise<Socket> {
    this.#dialer ??= this.#startDialer()
    const dialer = this.#dialer
    const number = ++this.#dials
    return new Promise((resolve, reject) => {
      const gone = () => reject(new Error('the sandbox is gone'))
      const answered = (answer: Dialled, handle: unknown) => {
        if (answer.number !== number) return
        dialer.off('message', answered).off('exit', gone)
        if (handle) resolve(handle as Socket)
        else reject(new Error(answer.error ?? 'no connection'))
      }
      dialer.on('message', answered as never).once('exit', gone)
      dialer.send({ number, port })
    })
  }

  #startDialer(): ChildProcess {
    const dialer = this.#fork(DIAL, [])
    dialer.setMaxListeners(0)
    dialer.once('exit', () => {
      this.#dialer = undefined
    })
    return dialer
  }

  /** Runs a program of ours in here, with a channel to us. */
  #fork(program: string, words: string[]): ChildProcess {
    const [execPath, ...enter] = this.enter
    return fork(program, words, {
      execPath: execPath!,
      execArgv: [...enter, process.execPath],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  /** A short-lived process goes in, listens there, and hands the socket out to us. */
  async #listen(port: number): Promise<Server> {
    const child = this.#fork(LISTEN, [String(port)])
    const server = await new Promise<Server>((resolve, reject) => {
      child.once('message', (_message, handle) => resolve(handle as Server))
      child.once('exit', (code) => reject(new Error(`nothing listens in the sandbox: exit ${code}`)))
      child.once('error', reject)
    })
    server.on('connection', (inside) => relay(inside, port, (own) => this.dial(own)))
    return server
  }
}

/** The process inside, once it is there. */
async function holderPid(holder: ChildProcess): Promise<number> {
  let errors = ''
  holder.stderr!.on('data', (text) => {
    errors += text
  })
  let info = ''
  const told = new Promise<number>((resolve) => {
    holder.stdio[3]!.on('data', (text) => {
      info += text
      const pid = /"child-pid": (\d+)/.exec(info)?.[1]
      if (pid) resolve(Number(pid))
    })
  })
  const pid = await Promise.race([
    told,
    once(holder, 'exit').then(() => undefined),
    once(holder, 'error').then(([error]) => {
      errors += (error as Error).message
    }),
    new Promise<undefined>((resolve) => {
      setTimeout(resolve, START_TIMEOUT, undefined).unref()
    }),
  ])
  if (pid !== undefined) return pid
  holder.kill('SIGKILL')
  throw new Error(`the sandbox's network could not be made: ${errors.trim() || 'no answer'}`)
}
