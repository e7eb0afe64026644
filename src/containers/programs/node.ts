import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { resolvePath } from '../files/tree.ts'
import { nodeSize } from '../processes/container-fs.ts'
import { KERNEL } from '../processes/kernel-settings.ts'
import { readAll } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { clientAddress, listenHttp } from './http-listener.ts'
import { RequestError, sendRequest } from './http-request.ts'
import { Sandbox } from './node/sandbox.ts'

/** What Node.js itself holds in memory, bytes. */
const RUNTIME_BYTES = 40 * 1024 ** 2
const MACHINE_CPUS = 2
const MACHINE_MEMORY = 4 * 1024 ** 3

interface Invocation {
  file?: string
  eval?: string
  print?: boolean
  args: string[]
}

/** Node.js: scripts run in QuickJS (see FIDELITY.md for the modules that are there), with HTTP in the simulated network. */
export function nodeProgram(version: string): Program {
  return async (process) => {
    const words = process.argv.slice(1)
    if (words[0] === '-v' || words[0] === '--version') {
      await process.print(`v${version}\n`)
      return 0
    }
    const invocation = await parse(process, words)
    if (!invocation) {
      await process.complain(
        'drydock: the interactive mode of Node.js is not simulated; give a file or -e SCRIPT\n',
      )
      return 1
    }
    return new NodeProcess(process, invocation, version).run()
  }
}

async function parse(process: Process, words: string[]): Promise<Invocation | undefined> {
  while (words.length > 0 && words[0]!.startsWith('-') && words[0] !== '-') {
    const word = words.shift()!
    const [name, inline] = word.split('=', 2)
    if (['-e', '--eval', '-p', '--print', '-pe'].includes(name!))
      return {
        eval: inline ?? words.shift() ?? '',
        print: /p/.test(name!.replace('--eval', '')),
        args: words,
      }
    if (name === '-r' || name === '--require') words.shift()
  }
  const [file, ...args] = words
  if (file && file !== '-') return { file, args }
  if (process.tty) return undefined
  return { eval: (await process.waitFor(readAll(process.stdin))).toString(), args }
}

/** A running script and what it holds open. */
class NodeProcess {
  readonly #process: Process
  readonly #invocation: Invocation
  readonly #version: string
  readonly #timers = new Map<number, { cancel(): void }>()
  readonly #servers = new Map<number, { close(): void }>()
  readonly #responses = new Map<number, ServerResponse>()
  readonly #unreferenced = new Set<number>()
  readonly #fetches = new Set<number>()
  #sandbox: Sandbox | undefined
  #reading = false
  #nextResponse = 1
  #memoryBytes = 0
  #output: Promise<void> = Promise.resolve()
  #end!: (code: number) => void

  constructor(process: Process, invocation: Invocation, version: string) {
    this.#process = process
    this.#invocation = invocation
    this.#version = version
  }

  async run(): Promise<number> {
    const process = this.#process
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve
    })
    const sandbox = Sandbox.start({
      now: () => process.machine.clock.now(),
      answer: (name, args) => this.#answer(name, args),
      notice: (name, args) => this.#notice(name, args),
      turned: (cost) => this.#turned(cost),
      failed: (message) => {
        this.#write('stderr', `${message}\n`)
        this.#end(1)
      },
    })
    if (!sandbox) {
      await process.complain('drydock: too many Node.js programs run at a time on this machine\n')
      return 1
    }
    this.#sandbox = sandbox
    process.holdMemory(RUNTIME_BYTES)
    process.signal.addEventListener('abort', () => this.#close(), { once: true })
    try {
      const code = await process.waitFor(ended)
      await this.#output
      return code
    } finally {
      this.#close()
    }
  }

  #close(): void {
    this.#sandbox?.close()
    for (const timer of this.#timers.values()) timer.cancel()
    for (const server of this.#servers.values()) server.close()
    for (const response of this.#responses.values()) response.destroy()
  }

  #turned({ cpuMs, memoryBytes, exitCode }: { cpuMs: number; memoryBytes: number; exitCode: number }): void {
    const process = this.#process
    process.spend(cpuMs)
    this.#memoryBytes = memoryBytes
    process.holdMemory(RUNTIME_BYTES + memoryBytes)
    const waits =
      this.#servers.size > 0 ||
      this.#fetches.size > 0 ||
      this.#reading ||
      [...this.#timers.keys()].some((id) => !this.#unreferenced.has(id))
    if (!waits && this.#sandbox!.idle) this.#end(exitCode)
  }

  #write(stream: 'stdout' | 'stderr', text: string): void {
    const process = this.#process
    this.#output = this.#output
      .then(() => (stream === 'stdout' ? process.print(text) : process.complain(text)))
      .catch(() => {
        // It was killed, or nobody reads.
      })
  }

  // --- questions

  // biome-ignore lint/suspicious/noExplicitAny: what the sandbox sends, checked by the functions that use it.
  #answer(name: string, args: any[]): unknown {
    const { files } = this.#process.machine
    switch (name) {
      case 'info':
        return this.#info()
      case 'memory':
        return {
          rss: RUNTIME_BYTES + this.#memoryBytes,
          heapTotal: this.#memoryBytes * 2,
          heapUsed: this.#memoryBytes,
          external: 0,
          arrayBuffers: 0,
        }
      case 'readFile':
        return files.read(String(args[0])).then((bytes) => Buffer.from(bytes).toString('latin1'))
      case 'writeFile': {
        const content = Buffer.from(String(args[1]), 'latin1')
        return args[2] ? files.append(String(args[0]), content) : files.writeSync(String(args[0]), content)
      }
      case 'exists':
        return files.exists(String(args[0]))
      case 'stat': {
        const node = files.node(String(args[0]), 'stat')
        return { kind: node.kind, size: nodeSize(node), mode: node.mode, mtime: node.mtime }
      }
      case 'readdir':
        return files.listSync(String(args[0]))
      case 'mkdir':
        return files.makeFolder(String(args[0]), { recursive: Boolean(args[1]) })
      case 'remove':
        return files.remove(String(args[0]), { recursive: Boolean(args[1]) })
      case 'hash':
        return createHash(String(args[0]))
          .update(Buffer.from(String(args[1]), 'latin1'))
          .digest('hex')
      case 'kill':
        this.#process.machine.processes.get(Number(args[0]))?.kill(String(args[1]))
        return true
      case 'listen':
        return this.#listen(Number(args[0]), Number(args[1]))
      default:
        throw new Error(`drydock: ${name} is not simulated`)
    }
  }

  #info() {
    const { argv, env, cwd, pid, user, machine, tty } = this.#process
    const { file, eval: code, print, args } = this.#invocation
    return {
      version: this.#version,
      argv: ['/usr/local/bin/node', ...(file ? [resolvePath(cwd, file)] : []), ...args],
      argv0: argv[0],
      env: Object.fromEntries(env),
      cwd,
      pid,
      uid: user.uid,
      gid: user.gid,
      user: user.name,
      hostname: machine.hostname,
      arch: machine.architecture === 'aarch64' ? 'arm64' : 'x64',
      address: machine.address,
      kernel: KERNEL,
      cpus: MACHINE_CPUS,
      memory: machine.memoryLimitBytes ?? MACHINE_MEMORY,
      tty: tty !== undefined,
      file,
      eval: code,
      print,
    }
  }

  #listen(id: number, asked: number): number {
    const process = this.#process
    let port = asked || 30_000
    for (;;) {
      try {
        this.#servers.set(
          id,
          listenHttp(process, port, (req, res) => this.#request(id, req, res)),
        )
        return port
      } catch (error) {
        if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
        if (asked !== 0)
          throw Object.assign(new Error(`listen EADDRINUSE: address already in use :::${port}`), {
            code: 'EADDRINUSE',
          })
        port++
      }
    }
  }

  #request(server: number, req: IncomingMessage, res: ServerResponse): void {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const id = this.#nextResponse++
      this.#responses.set(id, res)
      res.on('close', () => this.#responses.delete(id))
      this.#sandbox!.event('request', server, id, {
        method: req.method,
        url: req.url,
        headers: req.headers,
        rawHeaders: req.rawHeaders,
        remoteAddress: `::ffff:${clientAddress(req)}`,
        body: Buffer.concat(chunks).toString('latin1'),
      })
    })
  }

  // --- notices

  // biome-ignore lint/suspicious/noExplicitAny: what the sandbox sends, checked by the functions that use it.
  #notice(name: string, args: any[]): void {
    const process = this.#process
    switch (name) {
      case 'write':
        return this.#write(args[0] === 'stdout' ? 'stdout' : 'stderr', String(args[1]))
      case 'exit':
        return this.#end(Number(args[0]) || 0)
      case 'timer': {
        const id = Number(args[0])
        const timer = process.machine.clock.setTimer(Number(args[1]), () => {
          const fire = () => {
            this.#timers.delete(id)
            this.#sandbox!.event('timer', id)
          }
          if (process.machine.frozen) void process.thawed().then(fire, () => {})
          else fire()
        })
        this.#timers.set(id, timer)
        return
      }
      case 'clearTimer':
        this.#timers.get(Number(args[0]))?.cancel()
        this.#timers.delete(Number(args[0]))
        return
      case 'unref':
        this.#unreferenced.add(Number(args[0]))
        return
      case 'handle':
        return process.on(String(args[0]), () => this.#sandbox!.event('signal', args[0]))
      case 'close':
        this.#servers.get(Number(args[0]))?.close()
        this.#servers.delete(Number(args[0]))
        return
      case 'respond':
        return this.#respond(args)
      case 'fetch':
        void this.#fetch(args)
        return
      case 'stdin':
        void this.#readInput()
    }
  }

  #respond([id, status, headers, chunk, last]: unknown[]): void {
    const res = this.#responses.get(Number(id))
    if (!res || res.writableEnded) return
    try {
      if (!res.headersSent) {
        for (const [name, value] of headers as [string, string | string[]][])
          res.setHeader(name, Array.isArray(value) ? value : String(value))
        res.writeHead(Number(status))
      }
      const bytes = Buffer.from(String(chunk), 'latin1')
      if (bytes.length > 0) res.write(bytes)
      if (last) res.end()
    } catch (error) {
      this.#write('stderr', `${(error as Error).message}\n`)
      res.destroy()
    }
  }

  async #fetch([id, method, url, headers, body]: unknown[]): Promise<void> {
    const key = Number(id)
    this.#fetches.add(key)
    const answered = await this.#exchange(
      String(method),
      String(url),
      headers as Record<string, string>,
      String(body),
    )
    this.#fetches.delete(key)
    this.#sandbox!.event('fetched', key, answered)
  }

  async #exchange(method: string, address: string, headers: Record<string, string>, body: string) {
    let url: URL
    try {
      url = new URL(address)
    } catch {
      return { error: { code: 'ERR_INVALID_URL', message: 'Invalid URL' } }
    }
    try {
      const { answer } = await sendRequest(this.#process, {
        url,
        method,
        headers,
        ...(body ? { body: Buffer.from(body, 'latin1') } : {}),
      })
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      return {
        status: answer.statusCode,
        headers: answer.headers,
        body: Buffer.concat(chunks).toString('latin1'),
      }
    } catch (error) {
      if (!(error instanceof RequestError))
        return { error: { code: 'ECONNRESET', message: 'socket hang up' } }
      const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
      const code = {
        resolve: 'ENOTFOUND',
        refused: 'ECONNREFUSED',
        timeout: 'ETIMEDOUT',
        unreachable: 'EHOSTUNREACH',
      }[error.reason as string]
      if (code === 'ENOTFOUND') return { error: { code, message: `getaddrinfo ENOTFOUND ${url.hostname}` } }
      return {
        error: {
          code: code ?? 'ECONNRESET',
          message: code ? `connect ${code} ${error.address}:${port}` : error.message,
        },
      }
    }
  }

  async #readInput(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    try {
      for (let chunk = await this.#process.read(); chunk; chunk = await this.#process.read())
        this.#sandbox!.event('stdin', Buffer.from(chunk).toString('latin1'))
      this.#reading = false
      this.#sandbox!.event('stdin', null)
    } catch {
      // It was killed.
    }
  }
}
