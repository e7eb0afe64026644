/** A reply in RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export type Reply =
  | { kind: 'simple'; text: string }
  | { kind: 'error'; text: string }
  | { kind: 'integer'; value: number }
  | { kind: 'bulk'; text: string | null }
  | { kind: 'array'; items: Reply[] | null }

export const ok: Reply = { kind: 'simple', text: 'OK' }
export const error = (text: string): Reply => ({ kind: 'error', text })
export const integer = (value: number): Reply => ({ kind: 'integer', value })
export const bulk = (text: string | null | undefined): Reply => ({ kind: 'bulk', text: text ?? null })
export const array = (items: Reply[]): Reply => ({ kind: 'array', items })
export const bulks = (items: Iterable<string | null | undefined>): Reply => array([...items].map(bulk))

/** Strings are Latin-1: bytes as they are. */
export function encode(reply: Reply): Buffer {
  return Buffer.from(text(reply), 'latin1')
}

function text(reply: Reply): string {
  switch (reply.kind) {
    case 'simple':
      return `+${reply.text}\r\n`
    case 'error':
      return `-${reply.text}\r\n`
    case 'integer':
      return `:${reply.value}\r\n`
    case 'bulk':
      return reply.text === null ? '$-1\r\n' : `$${reply.text.length}\r\n${reply.text}\r\n`
    case 'array':
      return reply.items === null ? '*-1\r\n' : `*${reply.items.length}\r\n${reply.items.map(text).join('')}`
  }
}

/** A command as clients send it. */
export const encodeCommand = (words: readonly string[]): Buffer => encode(bulks(words))

/** Bytes that arrive in pieces, taken apart into replies or commands. */
export class RespReader {
  #buffer = ''

  push(chunk: Uint8Array): void {
    this.#buffer += Buffer.from(chunk).toString('latin1')
  }

  /** The next whole reply. */
  next(): Reply | undefined {
    const parsed = parse(this.#buffer, 0)
    if (!parsed) return undefined
    this.#buffer = this.#buffer.slice(parsed.end)
    return parsed.reply
  }

  /** The next whole command, an array or a line of words. */
  command(): string[] | undefined {
    if (this.#buffer === '') return undefined
    if (this.#buffer[0] === '*') {
      const reply = this.next()
      if (reply?.kind !== 'array') return undefined
      return (reply.items ?? []).map((item) => (item.kind === 'bulk' ? (item.text ?? '') : ''))
    }
    const end = this.#buffer.indexOf('\n')
    if (end === -1) return undefined
    const line = this.#buffer.slice(0, end).trim()
    this.#buffer = this.#buffer.slice(end + 1)
    return line.split(/\s+/).filter(Boolean)
  }
}

function parse(buffer: string, start: number): { reply: Reply; end: number } | undefined {
  const lineEnd = buffer.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const line = buffer.slice(start + 1, lineEnd)
  const end = lineEnd + 2
  switch (buffer[start]) {
    case '+':
      return { reply: { kind: 'simple', text: line }, end }
    case '-':
      return { reply: { kind: 'error', text: line }, end }
    case ':':
      return { reply: integer(Number(line)), end }
    case '$': {
      const length = Number(line)
      if (length < 0) return { reply: bulk(null), end }
      if (buffer.length < end + length + 2) return undefined
      return { reply: bulk(buffer.slice(end, end + length)), end: end + length + 2 }
    }
    default: {
      const count = Number(line)
      if (count < 0) return { reply: { kind: 'array', items: null }, end }
      const items: Reply[] = []
      let at = end
      for (let index = 0; index < count; index++) {
        const item = parse(buffer, at)
        if (!item) return undefined
        items.push(item.reply)
        at = item.end
      }
      return { reply: array(items), end: at }
    }
  }
}
