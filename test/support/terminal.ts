import type { Socket } from 'node:net'
import type { ServerMessage } from '../../src/workspace/protocol.ts'
import type { PtyHostClient } from '../../src/workspace/pty-host/client.ts'
import { type Link, sendData, sendMessage } from '../../src/workspace/pty-host/link.ts'

/** What a page does with an attachment, for tests: gathers output and messages, acknowledges unless told not to. */
export class TestAttachment {
  output = ''
  readonly messages: ServerMessage[] = []
  offset = 0
  received = 0
  readonly socket: Socket
  #acknowledges: boolean
  #waiters: (() => void)[] = []

  constructor({ socket, read }: Link, acknowledges = true) {
    this.socket = socket
    this.#acknowledges = acknowledges
    read({
      message: (message) => {
        this.messages.push(message as ServerMessage)
        if ((message as ServerMessage).type === 'attached')
          this.offset = (message as { offset: number }).offset
        this.#changed()
      },
      data: (piece) => {
        this.output += piece.toString('latin1')
        this.received += piece.length
        if (this.#acknowledges) this.acknowledge()
        this.#changed()
      },
    })
    socket.on('close', () => this.#changed())
  }

  acknowledge(): void {
    sendMessage(this.socket, { op: 'ack', offset: this.offset + this.received })
  }

  type(text: string): void {
    sendData(this.socket, Buffer.from(text))
  }

  resize(columns: number, rows: number): void {
    sendMessage(this.socket, { op: 'resize', columns, rows })
  }

  /** Waits until something is true of what arrived. */
  async until<T>(seen: () => T | undefined | false): Promise<T> {
    for (;;) {
      const value = seen()
      if (value) return value
      if (this.socket.destroyed)
        throw new Error(`the connection ended before: ${seen}\n${this.output.slice(-500)}`)
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
  }

  /** Waits for text in the output and gives what came before it, forgetting both. */
  async expect(text: string): Promise<string> {
    const at = await this.until(() => {
      const index = this.output.indexOf(text)
      return index >= 0 && { index }
    })
    const before = this.output.slice(0, at.index)
    this.output = this.output.slice(at.index + text.length)
    return before
  }

  async message<T extends ServerMessage['type']>(type: T): Promise<Extract<ServerMessage, { type: T }>> {
    const found = await this.until(() => this.messages.find((message) => message.type === type))
    return found as Extract<ServerMessage, { type: T }>
  }

  #changed(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const resolve of waiters) resolve()
  }
}

/** A plain shell with the prompt `$ ` for tests of terminals. */
export async function spawnShell(host: PtyHostClient, id: string, folder = '/tmp') {
  return host.spawn({
    id,
    file: '/bin/bash',
    arguments: ['--norc', '--noprofile', '-i'],
    environment: { PATH: '/usr/bin:/bin', TERM: 'dumb', PS1: '$ ', HOME: folder },
    folder,
    columns: 80,
    rows: 24,
  })
}

export async function attach(
  host: Pick<PtyHostClient, 'attach'>,
  id: string,
  options: { received?: number; columns?: number; rows?: number; acknowledges?: boolean } = {},
): Promise<TestAttachment> {
  const link = await host.attach(id, options.columns ?? 80, options.rows ?? 24, options.received)
  const attachment = new TestAttachment(link, options.acknowledges)
  await attachment.until(() => attachment.messages.length > 0)
  return attachment
}

/** Looks on without taking the terminal over. */
export async function watch(
  host: Pick<PtyHostClient, 'watch'>,
  id: string,
  acknowledges = true,
): Promise<TestAttachment> {
  const attachment = new TestAttachment(await host.watch(id), acknowledges)
  await attachment.message('attached')
  return attachment
}
