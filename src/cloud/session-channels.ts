import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Scope } from '#aws/ec2/index.ts'
import { type TaskRecord, tasks } from '#aws/ecs/index.ts'
import { roleMay } from '#aws/iam/identity.ts'
import { createLogStream, groupArn, groups, ingestEvents, streams } from '#aws/logs/index.ts'
import {
  acknowledgement,
  decodeMessage,
  encodeMessage,
  endSession,
  PAYLOAD,
  type SessionMessage,
  type SessionRecord,
  sessions,
} from '#aws/ssm/index.ts'
import { splitWords } from '#containers/engine/build/dockerfile.ts'
import { type ProcessHandle, StartError } from '#containers/runtime.ts'
import type { HostTable, HttpHost } from '#network/hosts.ts'
import type { World } from '#world/world.ts'

const HOST = /^ssmmessages\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws\.com|api\.aws)$/
const PATH = /^\/v1\/data-channel\/([A-Za-z0-9._@+=,-]+)\?/
/** Longest output that one message carries, bytes. */
const PIECE = 1024
/** Bytes that may wait for a slow client before the process is held back. */
const HIGH_WATER = 1024 * 1024
/** What of a session's output is kept, bytes: as much as one event of CloudWatch Logs holds. */
const KEPT_OUTPUT = 256 * 1024
const AGENT_VERSION = '3.3.3050.0'

/** Starts a process with a terminal in a container of a task. Throws StartError. */
export type StartInContainer = (task: TaskRecord, name: string, command: string[]) => Promise<ProcessHandle>

/** Session Manager's data channels: WebSockets that join a client's terminal with a process in a container. */
export class SessionChannels implements HostTable {
  readonly #world: World
  readonly #accountIds: string[]
  readonly #start: StartInContainer
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 * 1024 })

  constructor(world: World, accountIds: string[], start: StartInContainer) {
    this.#world = world
    this.#accountIds = accountIds
    this.#start = start
  }

  resolve(host: string, port: number): HttpHost | undefined {
    const region = port === 443 ? HOST.exec(host)?.[1] : undefined
    if (region === undefined) return undefined
    return {
      kind: 'http',
      request: (_req, res) => {
        res.writeHead(404, { 'Content-Type': 'application/json' })
        res.end('{"message":"Not Found"}')
      },
      upgrade: (req, socket, head) => this.#upgrade(region, req, socket, head),
    }
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
  }

  #upgrade(region: string, req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const id = PATH.exec(req.url ?? '')?.[1] ?? ''
    const scope = this.#accountIds
      .map((accountId): Scope => ({ world: this.#world, accountId, region }))
      .find((one) => sessions.find(one, id))
    const session = scope && sessions.find(scope, id)
    if (!session || session.ended !== undefined) {
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
      return
    }
    this.#server.handleUpgrade(req, socket, head, (channel) => {
      new Channel(scope, session.id, channel, this.#start)
    })
  }
}

/** One connection: first the token, then a handshake as the agent holds it, then what is typed and what is printed. */
class Channel {
  readonly #scope: Scope
  readonly #id: string
  readonly #socket: WebSocket
  readonly #start: StartInContainer
  #opened = false
  #begun = false
  #process: ProcessHandle | undefined
  #sequence = 0
  readonly #output: Buffer[] = []
  #kept = 0

  constructor(scope: Scope, id: string, socket: WebSocket, start: StartInContainer) {
    this.#scope = scope
    this.#id = id
    this.#socket = socket
    this.#start = start
    const watch = scope.world.store.watch(sessions.key(scope, id), ({ entry, type }) => {
      if (type === 'delete' || (entry.value as SessionRecord).ended !== undefined) this.#leave()
    })
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      watch.close()
      this.#leave()
      endSession(scope, id)
    })
    socket.on('message', (data: Buffer, binary) => {
      if (!this.#opened) this.#open(binary ? '' : data.toString())
      else if (binary) this.#receive(data)
    })
  }

  get #session(): SessionRecord | undefined {
    return sessions.find(this.#scope, this.#id)
  }

  get #now(): number {
    return this.#scope.world.clock.now()
  }

  #open(text: string): void {
    if (tokenOf(text) !== this.#session?.token) return this.#socket.close(1008, 'Invalid token')
    this.#opened = true
    this.#send(PAYLOAD.handshakeRequest, {
      AgentVersion: AGENT_VERSION,
      RequestedClientActions: [
        {
          ActionType: 'SessionType',
          ActionParameters: { SessionType: 'InteractiveCommands', Properties: null },
        },
      ],
    })
  }

  #receive(data: Buffer): void {
    const message = decodeMessage(data)
    if (message?.type !== 'input_stream_data') return
    this.#socket.send(acknowledgement(this.#now, message))
    if (message.payloadType === PAYLOAD.handshakeResponse) this.#begin()
    else if (message.payloadType === PAYLOAD.flag) endSession(this.#scope, this.#id)
    else this.#input(message)
  }

  #input({ payloadType, payload }: SessionMessage): void {
    const process = this.#process
    if (!process) return
    if (payloadType === PAYLOAD.output && !process.stdin.writableEnded) process.stdin.write(payload)
    if (payloadType === PAYLOAD.size) resize(process, payload.toString())
  }

  #begin(): void {
    if (this.#begun) return
    this.#begun = true
    // Whatever else goes wrong ends this channel, and nothing beside it.
    this.#run().catch(() => this.#socket.terminate())
  }

  async #run(): Promise<void> {
    const session = this.#session
    const task = session && tasks.find(this.#scope, session.container.cluster, session.container.task)
    if (!task) return
    this.#send(PAYLOAD.handshakeComplete, { HandshakeTimeToComplete: 1_000_000, CustomerMessage: '' })
    const command = splitWords(session.command)
    try {
      this.#process = await this.#start(task, session.container.name, command)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      const why = `fork/exec ${command[0]}: no such file or directory`
      return this.#finish(`----------ERROR-------\nUnable to start command: Failed to start pty: ${why}`)
    }
    this.#process.stdin.on('error', () => {})
    // The client may have gone meanwhile.
    if (this.#socket.readyState !== this.#socket.OPEN) this.#process.kill('SIGHUP')
    for await (const chunk of this.#process.stdout) await this.#print(Buffer.from(chunk as Uint8Array))
    this.#keep(task)
    this.#finish('')
  }

  async #print(chunk: Buffer): Promise<void> {
    if (this.#session?.logGroup !== undefined && this.#kept < KEPT_OUTPUT) {
      const part = chunk.subarray(0, KEPT_OUTPUT - this.#kept)
      this.#output.push(part)
      this.#kept += part.length
    }
    for (let at = 0; at < chunk.length; at += PIECE)
      this.#sendBytes(PAYLOAD.output, chunk.subarray(at, at + PIECE))
    if (this.#socket.bufferedAmount > HIGH_WATER)
      await new Promise<void>((resolve) => this.#socket.ping(undefined, undefined, () => resolve()))
  }

  /** The output in the log group of the cluster's configuration, where the task's role may write. */
  #keep(task: TaskRecord): void {
    const { logGroup } = this.#session ?? {}
    if (logGroup === undefined || !groups.find(this.#scope, logGroup)) return
    const arn = `${groupArn(this.#scope, logGroup)}:log-stream:${this.#id}`
    const may = (action: string) =>
      roleMay(this.#scope.world, task.taskRoleArn ?? '', `logs:${action}`, arn).allowed
    if (!may('CreateLogStream') || !may('PutLogEvents')) return
    const stream =
      streams.find(this.#scope, logGroup, this.#id) ?? createLogStream(this.#scope, logGroup, this.#id)
    const message = Buffer.concat(this.#output).toString()
    ingestEvents(this.#scope, stream, [{ timestamp: this.#now, message }])
  }

  #finish(output: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const closed = {
      MessageType: 'channel_closed',
      SchemaVersion: 1,
      SessionId: this.#id,
      DestinationId: this.#id,
      CreatedDate: new Date(this.#now).toISOString(),
      Output: output,
    }
    this.#socket.send(
      encodeMessage('channel_closed', this.#now, { payload: Buffer.from(JSON.stringify(closed)) }),
    )
    this.#socket.close(1000)
  }

  /** The client has gone or the session was ended: so is its process. */
  #leave(): void {
    this.#process?.kill('SIGHUP')
    this.#finish('')
  }

  #send(payloadType: number, content: object): void {
    this.#sendBytes(payloadType, Buffer.from(JSON.stringify(content)))
  }

  #sendBytes(payloadType: number, payload: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const sequence = this.#sequence++
    this.#socket.send(encodeMessage('output_stream_data', this.#now, { sequence, payloadType, payload }))
  }
}

function tokenOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { TokenValue?: string }).TokenValue
  } catch {
    return undefined
  }
}

function resize(process: ProcessHandle, text: string): void {
  try {
    const { cols, rows } = JSON.parse(text) as { cols: number; rows: number }
    if (cols > 0 && rows > 0) process.resize(cols, rows)
  } catch {
    // A broken size is no reason to end a session.
  }
}
