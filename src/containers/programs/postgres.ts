import type { Process, Program } from '../processes/process.ts'
import { openSocket, RequestError } from './http-request.ts'

const DEFAULT_PORT = 5432
const PG_READY = 'R\n'
const RUNTIME_BYTES = 30 * 1024 ** 2

const stamp = (process: Process) =>
  `${new Date(process.machine.clock.now()).toISOString().replace('T', ' ').replace('Z', ' UTC')} [${process.pid}]`

/**
 * `postgres`: starts, listens, says so and stops as the real one; there is no SQL behind it. A connection is greeted with
 * one line, which is all that `pg_isready` and `psql` here ask for.
 */
export function postgres(version: string): Program {
  return async (process) => {
    const words = process.argv.slice(1)
    if (words.includes('--version') || words.includes('-V')) {
      await process.print(`postgres (PostgreSQL) ${version}\n`)
      return 0
    }
    const { machine } = process
    const log = (text: string) => process.complain(`${stamp(process)} LOG:  ${text}\n`)
    const stop = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT']) process.on(signal, () => resolve(signal))
    })
    const data = process.env.get('PGDATA') ?? '/var/lib/postgresql/data'
    if (!machine.files.exists(`${data}/PG_VERSION`)) {
      await process.complain(
        `postgres: could not access the server configuration file "${data}/postgresql.conf": No such file or directory\n`,
      )
      return 2
    }
    process.holdMemory(RUNTIME_BYTES)
    const port = Number(process.env.get('PGPORT') ?? DEFAULT_PORT)
    const listener = machine.network.listen(machine.address, port, (socket) => {
      const greet = () => socket.end(PG_READY)
      if (machine.frozen) void process.thawed().then(greet, () => socket.destroy())
      else greet()
      socket.on('error', () => socket.destroy())
    })
    process.signal.addEventListener('abort', () => listener.close(), { once: true })
    await log(
      `starting PostgreSQL ${version} (Debian ${version}-1.pgdg13+1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 14.2.0-19) 14.2.0, 64-bit`,
    )
    await log(`listening on IPv4 address "0.0.0.0", port ${port}`)
    await log(`listening on IPv6 address "::", port ${port}`)
    await log(`listening on Unix socket "/var/run/postgresql/.s.PGSQL.${port}"`)
    await process.complain(
      `${stamp(process)} LOG:  database system was shut down at ${stamp(process).slice(0, 27)}\n`,
    )
    await log('database system is ready to accept connections')
    const signal = await process.waitFor(stop)
    await log(
      `received ${signal === 'SIGINT' ? 'fast' : signal === 'SIGTERM' ? 'smart' : 'immediate'} shutdown request`,
    )
    if (signal === 'SIGINT') await log('aborting any active transactions')
    listener.close()
    await log('shutting down')
    await log('database system is shut down')
    return 0
  }
}

interface Target {
  host: string
  port: number
  user: string
  database: string
  rest: string[]
}

function target(process: Process): Target {
  const words = process.argv.slice(1)
  const found: Target = {
    host: process.env.get('PGHOST') ?? '',
    port: Number(process.env.get('PGPORT') ?? DEFAULT_PORT),
    user: process.env.get('PGUSER') ?? process.user.name,
    database: process.env.get('PGDATABASE') ?? '',
    rest: [],
  }
  while (words.length > 0) {
    const [option = '', inline] = words.shift()!.split('=', 2)
    const value = () => inline ?? words.shift() ?? ''
    if (option === '-h' || option === '--host') found.host = value()
    else if (option === '-p' || option === '--port') found.port = Number(value())
    else if (option === '-U' || option === '--username') found.user = value()
    else if (option === '-d' || option === '--dbname') found.database = value()
    else found.rest.push(option + (inline === undefined ? '' : `=${inline}`))
  }
  return found
}

/** Whether a server answers there. */
async function answers(process: Process, { host, port }: Target): Promise<boolean> {
  const address =
    host === '' || host.startsWith('/') ? process.machine.address : process.machine.resolveName(host)
  if (!address) return false
  try {
    const socket = await openSocket(process, address, port, 3000)
    for await (const chunk of socket) return String(chunk) === PG_READY
    return false
  } catch (error) {
    if (error instanceof RequestError) return false
    throw error
  }
}

/** `pg_isready` */
export const pgIsReady: Program = async (process) => {
  const to = target(process)
  const ready = await answers(process, to)
  await process.print(
    `${to.host || '/var/run/postgresql'}:${to.port} - ${ready ? 'accepting connections' : 'no response'}\n`,
  )
  return ready ? 0 : 2
}

/** `psql`: connects, and says that there is no SQL. */
export function psql(version: string): Program {
  return async (process) => {
    if (process.argv.includes('--version') || process.argv.includes('-V')) {
      await process.print(`psql (PostgreSQL) ${version}\n`)
      return 0
    }
    const to = target(process)
    if (!(await answers(process, to))) {
      const where = to.host
        ? `connection to server at "${to.host}", port ${to.port} failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?`
        : `connection to server on socket "/var/run/postgresql/.s.PGSQL.${to.port}" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?`
      await process.complain(`psql: error: ${where}\n`)
      return 2
    }
    await process.complain(
      'drydock: the server is there, but the simulation of PostgreSQL has no SQL; readiness, storage and shutdown are simulated\n',
    )
    return 1
  }
}
