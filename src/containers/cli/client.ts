import { type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import type { Duplex, Readable } from 'node:stream'

/** Something that ends the command with a message on standard error. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The engine answered with an error. */
export class DaemonError extends CommandError {
  readonly status: number
  readonly detail: string
  constructor(status: number, detail: string) {
    super(`Error response from daemon: ${detail}`)
    this.status = status
    this.detail = detail
  }
}

const VERSION = '1.50'

/** The Engine API at DOCKER_HOST. */
export class EngineClient {
  readonly host: string
  readonly #target: { socketPath: string } | { host: string; port: number }

  constructor(host = process.env.DOCKER_HOST || 'unix:///var/run/docker.sock') {
    this.host = host
    const url = /^(unix|tcp):\/\/(.*)$/.exec(host)
    if (!url) throw new CommandError(`unable to parse docker host \`${host}\``)
    if (url[1] === 'unix') this.#target = { socketPath: url[2]! }
    else {
      const [name = 'localhost', port = '2375'] = url[2]!.split(':')
      this.#target = { host: name, port: Number(port) }
    }
  }

  /** Sends a request; the answer's body is to be read. Throws DaemonError, or CommandError when nobody listens. */
  async send(
    method: string,
    path: string,
    options: { headers?: OutgoingHttpHeaders; body?: unknown; stream?: Readable } = {},
  ): Promise<IncomingMessage> {
    const { stream } = options
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body))
    const headers: OutgoingHttpHeaders = {
      host: 'api.moby.localhost',
      'user-agent': 'Docker-Client/28.2.2 (linux)',
      ...(body ? { 'content-type': 'application/json', 'content-length': body.length } : {}),
      ...options.headers,
    }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      // Without an agent: a connection kept for later would keep the command from ending.
      const target = { ...this.#target, method, path: `/v${VERSION}${path}`, headers, agent: false }
      const outgoing = request(target, resolve)
      outgoing.on('error', (error) => reject(this.#unreachable(error)))
      if (stream) stream.on('error', (error) => outgoing.destroy(error)).pipe(outgoing)
      else outgoing.end(body)
    })
    if (answer.statusCode! < 400) return answer
    throw await daemonError(answer)
  }

  /** As `send`, with the answer's JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: the API's answers are read field by field.
  async json(method: string, path: string, options: Parameters<EngineClient['send']>[2] = {}): Promise<any> {
    const text = (await readAll(await this.send(method, path, options))).toString()
    return text.trim() === '' ? undefined : JSON.parse(text)
  }

  /** Takes over a connection, for attach and exec. */
  hijack(path: string, body?: unknown): Promise<Duplex> {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    return new Promise((resolve, reject) => {
      const outgoing = request({
        ...this.#target,
        method: 'POST',
        path: `/v${VERSION}${path}`,
        headers: {
          host: 'api.moby.localhost',
          connection: 'Upgrade',
          upgrade: 'tcp',
          ...(bytes ? { 'content-type': 'application/json', 'content-length': bytes.length } : {}),
        },
      })
      outgoing.on('upgrade', (_answer, socket, head) => {
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      })
      outgoing.on('response', (answer) => daemonError(answer).then(reject))
      outgoing.on('error', (error) => reject(this.#unreachable(error)))
      outgoing.end(bytes)
    })
  }

  #unreachable(error: Error): Error {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET', 'ENOTFOUND'].includes(code)) return error
    return new CommandError(
      `Cannot connect to the Docker daemon at ${this.host}. Is the docker daemon running?`,
    )
  }
}

async function daemonError(answer: IncomingMessage): Promise<DaemonError> {
  const text = (await readAll(answer)).toString()
  try {
    return new DaemonError(answer.statusCode!, JSON.parse(text).message)
  } catch {
    return new DaemonError(answer.statusCode!, text.trim() || `status ${answer.statusCode}`)
  }
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The JSON messages of a stream, one a line. */
// biome-ignore lint/suspicious/noExplicitAny: progress messages are read field by field.
export async function* readMessages(stream: Readable): AsyncGenerator<any> {
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.trim()) yield JSON.parse(line)
  }
  if (rest.trim()) yield JSON.parse(rest)
}

/** Splits the multiplexed stream format onto standard output and error until it ends. */
export async function demultiplex(stream: Readable): Promise<void> {
  let buffer = Buffer.alloc(0)
  for await (const chunk of stream) {
    buffer = Buffer.concat([buffer, chunk])
    while (buffer.length >= 8) {
      const end = 8 + buffer.readUInt32BE(4)
      if (buffer.length < end) break
      const output = buffer[0] === 2 ? process.stderr : process.stdout
      output.write(buffer.subarray(8, end))
      buffer = buffer.subarray(end)
    }
  }
}
