import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { NetworkSpec } from '../pty-host/messages.ts'

/** What the program that holds a network may take to start, ms. */
const START_TIMEOUT = 10_000
const LISTEN = fileURLToPath(new URL('./listen.ts', import.meta.url))

/**
 * A loopback of its own for the terminals of one workspace (they reach one another's programs), and nothing else: no
 * interface leads out. On a few of its ports this process listens and carries the connections to the same ports of
 * this machine.
 */
export class SandboxNetwork {
  readonly #holder: ChildProcess
  readonly #servers: Server[] = []
  readonly #pid: number

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
    this.#holder.kill('SIGKILL')
  }

  /** A short-lived process goes in, listens there, and hands the socket out to us. */
  async #listen(port: number): Promise<Server> {
    const [execPath, ...enter] = this.enter
    const child = fork(LISTEN, [String(port)], {
      execPath: execPath!,
      execArgv: [...enter, process.execPath],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const server = await new Promise<Server>((resolve, reject) => {
      child.once('message', (_message, handle) => resolve(handle as Server))
      child.once('exit', (code) => reject(new Error(`nothing listens in the sandbox: exit ${code}`)))
      child.once('error', reject)
    })
    server.on('connection', (inside) => {
      const outside = connect(port, '127.0.0.1')
      const end = () => {
        inside.destroy()
        outside.destroy()
      }
      inside.on('error', end).on('close', end)
      outside.on('error', end).on('close', end)
      inside.pipe(outside)
      outside.pipe(inside)
    })
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
