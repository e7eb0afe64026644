import type { Process, Program } from '../processes/process.ts'
import { openSocket, RequestError } from './http-request.ts'

const DEFAULT_PORT = 3306
const GREETING = 'mysql ready\n'
const RUNTIME_BYTES = 60 * 1024 ** 2
const DATA = '/var/lib/mysql'

/** MySQL and MariaDB: what differs in what they say. */
type Product = 'mysql' | 'mariadb'

/**
 * `mysqld` and `mariadbd`: start, listen, say so and stop as the real ones; there is no SQL behind them. A connection is greeted with one
 * line, which is all that the clients here ask for.
 */
export const sqlServer =
  (product: Product, version: string): Program =>
  async (process) => {
    const program = product === 'mysql' ? '/usr/sbin/mysqld' : 'mariadbd'
    const words = process.argv.slice(1)
    if (words.includes('--version') || words.includes('-V')) {
      await process.print(`${program}  Ver ${version} for Linux on x86_64\n`)
      return 0
    }
    const { machine } = process
    const time = () => new Date(machine.clock.now()).toISOString()
    const say = (level: 'System' | 'Note', code: string, text: string) =>
      process.complain(
        product === 'mysql'
          ? `${time().replace('Z', '000Z')} 0 [${level}] [${code}] [Server] ${text}\n`
          : `${time().slice(0, 19).replace('T', ' ')} 0 [Note] ${text}\n`,
      )
    const stop = new Promise<void>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT']) process.on(signal, () => resolve())
    })
    if (!machine.files.exists(`${DATA}/mysql`)) {
      await say('System', 'MY-010119', `Aborting: the data directory ${DATA} has not been initialized`)
      return 1
    }
    process.holdMemory(RUNTIME_BYTES)
    const port = Number(words.find((word) => word.startsWith('--port='))?.slice(7) ?? DEFAULT_PORT)
    const listener = machine.network.listen(machine.address, port, (socket) => {
      const greet = () => socket.end(GREETING)
      if (machine.frozen) void process.thawed().then(greet, () => socket.destroy())
      else greet()
      socket.on('error', () => socket.destroy())
    })
    process.signal.addEventListener('abort', () => listener.close(), { once: true })
    if (product === 'mysql') {
      await say('System', 'MY-015015', 'MySQL Server - start.')
      await say(
        'System',
        'MY-010116',
        `/usr/sbin/mysqld (mysqld ${version}) starting as process ${process.pid}`,
      )
      await say('System', 'MY-013576', 'InnoDB initialization has started.')
      await say('System', 'MY-013577', 'InnoDB initialization has ended.')
      await say(
        'System',
        'MY-010931',
        `/usr/sbin/mysqld: ready for connections. Version: '${version}'  socket: '/var/run/mysqld/mysqld.sock'  port: ${port}  MySQL Community Server - GPL.`,
      )
    } else {
      await say(
        'Note',
        '',
        `Starting MariaDB ${version}-MariaDB-ubu2404 source revision  server_uid  as process ${process.pid}`,
      )
      await say('Note', '', 'InnoDB: Compressed tables use zlib 1.3')
      await say('Note', '', `Server socket created on IP: '0.0.0.0', port: '${port}'.`)
      await say('Note', '', 'mariadbd: ready for connections.')
      await process.complain(
        `Version: '${version}-MariaDB-ubu2404'  socket: '/run/mysqld/mysqld.sock'  port: ${port}  mariadb.org binary distribution\n`,
      )
    }
    await process.waitFor(stop)
    if (product === 'mysql') {
      await say(
        'System',
        'MY-013172',
        `Received SHUTDOWN from user <via user signal>. Shutting down mysqld (Version: ${version}).`,
      )
      await say(
        'System',
        'MY-010910',
        `/usr/sbin/mysqld: Shutdown complete (mysqld ${version})  MySQL Community Server - GPL.`,
      )
    } else {
      await say('Note', '', 'mariadbd (initiated by: unknown): Normal shutdown')
      await say('Note', '', 'mariadbd: Shutdown complete')
    }
    return 0
  }

interface Target {
  host: string
  port: number
  user: string
  rest: string[]
}

function target(process: Process): Target {
  const words = process.argv.slice(1)
  const found: Target = { host: '', port: DEFAULT_PORT, user: process.user.name, rest: [] }
  while (words.length > 0) {
    const word = words.shift()!
    const [, name = '', value] = /^(--\w[\w-]*)=(.*)$/.exec(word) ??
      /^(-[hPu])(.+)$/.exec(word) ?? [word, word]
    const argument = () => value ?? words.shift() ?? ''
    if (name === '-h' || name === '--host') found.host = argument()
    else if (name === '-P' || name === '--port') found.port = Number(argument())
    else if (name === '-u' || name === '--user') found.user = argument()
    else if (!name.startsWith('-')) found.rest.push(word)
  }
  return found
}

async function answers(process: Process, { host, port }: Target): Promise<boolean> {
  const address = host === '' ? process.machine.address : process.machine.resolveName(host)
  if (!address) return false
  try {
    for await (const chunk of await openSocket(process, address, port, 3000))
      return String(chunk) === GREETING
    return false
  } catch (error) {
    if (error instanceof RequestError) return false
    throw error
  }
}

function unreachable({ host, port }: Target): string {
  return host === '' || host === 'localhost'
    ? "ERROR 2002 (HY000): Can't connect to local MySQL server through socket '/var/run/mysqld/mysqld.sock' (2)\n"
    : `ERROR 2003 (HY000): Can't connect to MySQL server on '${host}:${port}' (111)\n`
}

/** `mysqladmin ping`, `mariadb-admin ping` and `healthcheck.sh`, whose answer is whether the server is there. */
export const sqlAdmin: Program = async (process) => {
  const to = target(process)
  const [command = ''] = to.rest
  if (command !== 'ping' && !process.argv[0]!.endsWith('healthcheck.sh')) {
    await process.complain('drydock: only ping is simulated: there is no SQL behind the server\n')
    return 1
  }
  const ready = await answers(process, to)
  if (command === 'ping')
    await (ready
      ? process.print('mysqld is alive\n')
      : process.complain(`mysqladmin: connect to server at '${to.host || 'localhost'}' failed\n`))
  return ready ? 0 : 1
}

/** `mysql`, `mariadb`: connect, and say that there is no SQL. */
export const sqlClient =
  (product: Product, version: string): Program =>
  async (process) => {
    if (process.argv.includes('--version') || process.argv.includes('-V')) {
      await process.print(`${product}  Ver ${version} for Linux on x86_64\n`)
      return 0
    }
    const to = target(process)
    const text = (await answers(process, to))
      ? 'drydock: the server is there, but the simulation has no SQL; readiness, storage and shutdown are simulated\n'
      : unreachable(to)
    await process.complain(text)
    return 1
  }
