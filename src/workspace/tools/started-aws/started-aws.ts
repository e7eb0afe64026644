import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Toolbox } from '../install.ts'

/**
 * The real AWS CLI, started once for many commands, for those who run hundreds of them: every command is a fork of it
 * (`fork_server.py`, a plugin of the CLI), which spares the second of CPU that its imports take. It is started at the
 * first command. Where there is no Linux, each command starts the CLI itself.
 */
export class StartedAws {
  readonly #folder: string
  readonly #aws: string
  readonly #secret = randomUUID()
  readonly #tellPort = createServer()
  #server: Promise<{ process: ChildProcess; port: string }> | undefined

  private constructor(folder: string, aws: string) {
    this.#folder = folder
    this.#aws = aws
  }

  /** The AWS CLI of a toolbox; undefined when it has none. */
  static async of(toolbox: Toolbox): Promise<StartedAws | undefined> {
    const aws = toolbox.tools.find(({ name, source }) => name === 'aws' && source !== 'missing')
    return aws && StartedAws.open(aws.path)
  }

  /** `aws`: the path of the AWS CLI, version 2. */
  static async open(aws: string): Promise<StartedAws> {
    const started = new StartedAws(await mkdtemp(join(tmpdir(), 'drydock-aws-')), aws)
    if (process.platform === 'linux') await started.#listen()
    else await symlink(aws, started.path)
    return started
  }

  /** The program. */
  get path(): string {
    return join(this.#folder, 'aws')
  }

  /** A PATH on which it is found first. */
  before(path: string): string {
    return `${this.#folder}${delimiter}${path}`
  }

  async #listen(): Promise<void> {
    this.#tellPort.on('connection', (socket) => {
      socket.on('error', () => {})
      this.#server ??= this.#start()
      this.#server.then(
        ({ port }) => socket.end(`${port}\n`),
        () => socket.destroy(),
      )
    })
    this.#tellPort.listen(0, '127.0.0.1').unref()
    await once(this.#tellPort, 'listening')
    const filled: Record<string, string> = {
      aws: this.#aws,
      port: String((this.#tellPort.address() as AddressInfo).port),
      secret: this.#secret,
    }
    const script = await readFile(join(import.meta.dirname, 'aws.sh'), 'utf8')
    const text = script.replace(/\{(aws|port|secret)\}/g, (_, name) => filled[name]!)
    await writeFile(this.path, text, { mode: 0o700 })
  }

  async #start() {
    const config = join(this.#folder, 'config')
    const plugin = `[plugins]\ncli_legacy_plugin_path = ${import.meta.dirname}\nfork_server = fork_server\n`
    await writeFile(config, plugin)
    const child = spawn(this.#aws, ['--version'], {
      env: {
        PATH: process.env.PATH,
        HOME: this.#folder,
        AWS_CONFIG_FILE: config,
        DRYDOCK_SECRET: this.#secret,
        PYTHONDONTWRITEBYTECODE: '1',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    // The next command starts another.
    child.on('exit', () => {
      this.#server = undefined
    })
    const [first] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
    if (typeof first !== 'string') throw new Error('the AWS CLI ended instead of taking commands')
    return { process: child, port: first }
  }

  async close(): Promise<void> {
    this.#tellPort.close()
    const server = await this.#server?.catch(() => undefined)
    if (server && server.process.exitCode === null) {
      const exited = once(server.process, 'exit')
      server.process.stdin!.end()
      await exited
    }
    await rm(this.#folder, { recursive: true, force: true })
  }
}
