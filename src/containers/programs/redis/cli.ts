import type { Duplex } from 'node:stream'
import { readLine } from '../../processes/pipe.ts'
import type { Process, Program } from '../../processes/process.ts'
import { openSocket, RequestError } from '../http-request.ts'
import { encodeCommand, type Reply, RespReader } from './protocol.ts'

/** `redis-cli`: one command, or those of its input. */
export function redisCli(version: string): Program {
  return async (process) => {
    let host = '127.0.0.1'
    let port = 6379
    let password = process.env.get('REDISCLI_AUTH')
    let database = '0'
    const words = process.argv.slice(1)
    while (words[0]?.startsWith('-')) {
      const option = words.shift()!
      if (option === '-h') host = words.shift() ?? host
      else if (option === '-p') port = Number(words.shift())
      else if (option === '-a' || option === '--pass') password = words.shift()
      else if (option === '-n') database = words.shift() ?? '0'
      else if (option === '--version' || option === '-v') {
        await process.print(`redis-cli ${version}\n`)
        return 0
      }
    }
    const address = process.machine.resolveName(host)
    const failed = async (why: string) => {
      await process.complain(`Could not connect to Redis at ${host}:${port}: ${why}\n`)
      return 1
    }
    if (!address) return failed('Name or service not known')
    let connection: Connection
    try {
      connection = new Connection(process, await openSocket(process, address, port, 3000))
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      return failed(error.reason === 'refused' ? 'Connection refused' : error.message)
    }
    try {
      if (password) {
        if (process.argv.some((word) => word === '-a' || word === '--pass'))
          await process.complain(
            "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n",
          )
        const reply = await connection.ask(['AUTH', password])
        if (reply?.kind === 'error') await process.complain(`AUTH failed: ${reply.text}\n`)
      }
      if (database !== '0') await connection.ask(['SELECT', database])
      if (words.length > 0) return await one(process, connection, words)
      return await session(process, connection, `${host}:${port}`, database)
    } finally {
      connection.close()
    }
  }
}

async function one(process: Process, connection: Connection, words: string[]): Promise<number> {
  const reply = await connection.ask(words)
  if (!reply) {
    await process.complain('Error: Server closed the connection\n')
    return 1
  }
  await process.print(`${shown(reply, process.tty !== undefined)}\n`)
  if (/^(?:subscribe|monitor)$/i.test(words[0]!)) {
    for (let next = await connection.read(); next; next = await connection.read())
      await process.print(`${shown(next, process.tty !== undefined)}\n`)
  }
  return reply.kind === 'error' ? 1 : 0
}

async function session(
  process: Process,
  connection: Connection,
  where: string,
  first: string,
): Promise<number> {
  const { tty } = process
  const history: string[] = []
  let database = first
  for (;;) {
    let line: string
    if (tty) {
      const edited = await process.waitFor(
        tty.readLine(`${where}${database === '0' ? '' : `[${database}]`}> `, history),
      )
      if (edited === 'end') return 0
      if (edited === 'interrupted') return 0
      line = edited.line
      if (line.trim()) history.push(line)
    } else {
      const read = await process.waitFor(readLine(process.stdin))
      if (!read) return 0
      line = read.line
    }
    const words = splitLine(line)
    if (words.length === 0) continue
    if (/^(?:quit|exit)$/i.test(words[0]!)) return 0
    const reply = await connection.ask(words)
    if (!reply) {
      await process.complain('Error: Server closed the connection\n')
      return 1
    }
    if (/^select$/i.test(words[0]!) && reply.kind === 'simple') database = words[1] ?? '0'
    await process.print(`${shown(reply, tty !== undefined)}\n`)
  }
}

/** Words of a line; quotes group. */
const splitLine = (line: string): string[] =>
  [...line.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double?.replace(/\\(.)/g, '$1') ?? single ?? plain ?? '',
  )

/** As redis-cli writes a reply: for people at a terminal, raw in a pipe. */
function shown(reply: Reply, human: boolean, indent = ''): string {
  switch (reply.kind) {
    case 'simple':
      return reply.text
    case 'error':
      return human ? `(error) ${reply.text}` : reply.text
    case 'integer':
      return human ? `(integer) ${reply.value}` : String(reply.value)
    case 'bulk': {
      if (reply.text === null) return human ? '(nil)' : ''
      const text = Buffer.from(reply.text, 'latin1').toString()
      if (!human) return text
      return /\r\n/.test(text) ? text : JSON.stringify(text)
    }
    case 'array': {
      const items = reply.items ?? []
      if (items.length === 0) return human ? '(empty array)' : ''
      if (!human) return items.map((item) => shown(item, false)).join('\n')
      const width = String(items.length).length
      return items
        .map((item, index) => {
          const number = `${String(index + 1).padStart(width)}) `
          return `${index === 0 ? '' : indent}${number}${shown(item, true, indent + ' '.repeat(number.length))}`
        })
        .join('\n')
    }
  }
}

/** A connection to a server. */
class Connection {
  readonly #process: Process
  readonly #socket: Duplex
  readonly #reader = new RespReader()
  readonly #chunks: AsyncIterator<Buffer>

  constructor(process: Process, socket: Duplex) {
    this.#process = process
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    process.signal.addEventListener('abort', () => socket.destroy(), { once: true })
  }

  /** The reply to a command; undefined when the server has gone. */
  ask(words: string[]): Promise<Reply | undefined> {
    this.#socket.write(encodeCommand(words.map((word) => Buffer.from(word).toString('latin1'))))
    return this.read()
  }

  async read(): Promise<Reply | undefined> {
    for (;;) {
      const reply = this.#reader.next()
      if (reply) return reply
      try {
        const { done, value } = await this.#process.waitFor(this.#chunks.next())
        if (done) return undefined
        this.#reader.push(value)
      } catch {
        this.#process.check()
        return undefined
      }
    }
  }

  close(): void {
    this.#socket.destroy()
  }
}
