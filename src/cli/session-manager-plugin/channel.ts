import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { WebSocket } from 'ws'
import {
  acknowledgement,
  decodeMessage,
  encodeMessage,
  PAYLOAD,
  type SessionMessage,
} from '#aws/ssm/session-message.ts'
import { VERSION } from './version.ts'

/** What a started session answers with. */
export interface StartedSession {
  id: string
  streamUrl: string
  token: string
}

export interface ChannelEvents {
  /** The session's type is settled: input may be sent. */
  ready(): void
  output(bytes: Buffer): void
  /** The far end has closed the channel; `output` is what it says of it. */
  closed(output: string): void
  failed(error: Error): void
}

/** The client's end of a data channel, by way of the environment's proxy and CA as the AWS CLI uses them. */
export class DataChannel {
  readonly #socket: WebSocket
  readonly #events: ChannelEvents
  #sequence = 0
  #over = false

  constructor(session: StartedSession, events: ChannelEvents) {
    this.#events = events
    const { env } = process
    const ca = env.AWS_CA_BUNDLE ? readFileSync(env.AWS_CA_BUNDLE) : undefined
    const agent = new Agent({ proxyEnv: env, ca })
    this.#socket = new WebSocket(session.streamUrl, { agent, perMessageDeflate: false })
    this.#socket.on('open', () => {
      const request = { MessageSchemaVersion: '1.0', RequestId: crypto.randomUUID() }
      const client = { ClientId: crypto.randomUUID(), ClientVersion: VERSION }
      this.#socket.send(JSON.stringify({ ...request, TokenValue: session.token, ...client }))
    })
    this.#socket.on('message', (data: Buffer) => this.#receive(data))
    this.#socket.on('error', (error) => this.#end(() => events.failed(error)))
    this.#socket.on('close', () => this.#end(() => events.closed('')))
  }

  /** Sends what was typed. */
  input(bytes: Buffer): void {
    this.#send(PAYLOAD.output, bytes)
  }

  resize(cols: number, rows: number): void {
    this.#send(PAYLOAD.size, Buffer.from(JSON.stringify({ cols, rows })))
  }

  close(): void {
    this.#over = true
    this.#socket.close(1000)
  }

  #receive(data: Buffer): void {
    const message = decodeMessage(data)
    if (message?.type === 'channel_closed') {
      const { Output = '' } = JSON.parse(message.payload.toString()) as { Output?: string }
      return this.#end(() => this.#events.closed(Output))
    }
    if (message?.type !== 'output_stream_data') return
    this.#socket.send(acknowledgement(Date.now(), message))
    if (message.payloadType === PAYLOAD.handshakeRequest) this.#shakeHands(message)
    else if (message.payloadType === PAYLOAD.handshakeComplete) this.#events.ready()
    else if (message.payloadType === PAYLOAD.output) this.#events.output(message.payload)
  }

  #shakeHands({ payload }: SessionMessage): void {
    const { RequestedClientActions: wanted } = JSON.parse(payload.toString()) as {
      RequestedClientActions: { ActionType: string }[]
    }
    const answer = {
      ClientVersion: VERSION,
      ProcessedClientActions: wanted.map(({ ActionType }) => ({
        ActionType,
        ActionStatus: ActionType === 'SessionType' ? 1 : 3,
        ActionResult: null,
        Error: '',
      })),
      Errors: [],
    }
    this.#send(PAYLOAD.handshakeResponse, Buffer.from(JSON.stringify(answer)))
  }

  #send(payloadType: number, payload: Buffer): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return
    const sequence = this.#sequence++
    this.#socket.send(encodeMessage('input_stream_data', Date.now(), { sequence, payloadType, payload }))
  }

  #end(tell: () => void): void {
    if (this.#over) return
    this.#over = true
    tell()
  }
}
