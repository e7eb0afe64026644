import type { Writable } from 'node:stream'
import { Pipe, type Reader, type Writer } from './pipe.ts'
import type { Process } from './process.ts'

/** What the shell's line editor gave back. */
export type EditedLine = { line: string } | 'interrupted' | 'end'

interface Editor {
  prompt: string
  history: readonly string[]
  position: number
  draft: string
  done: (result: EditedLine) => void
}

/**
 * A terminal's line discipline: echo, erase, Ctrl-C, Ctrl-D, and for the shell's prompt line editing with history.
 * Keystrokes come in by `input`; what programs write goes out with `\n` as `\r\n`.
 */
export class Tty {
  columns = 80
  rows = 24
  /** Who gets Ctrl-C. */
  foreground = new Set<Process>()
  readonly output: Writer
  readonly reader: Reader
  readonly #stream: Writable
  readonly #lines = new Pipe()
  #buffer = ''
  #cursor = 0
  #editor: Editor | undefined
  #escape = ''
  #typeAhead = ''

  constructor(stream: Writable) {
    this.#stream = stream
    this.output = {
      write: (bytes) =>
        this.#write(Buffer.from(bytes).toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1'),
    }
    this.reader = this.#lines
  }

  /** Bytes from the keyboard. */
  input(bytes: Uint8Array): void {
    for (const key of Buffer.from(bytes).toString()) this.#key(key)
  }

  /** The keyboard is gone: programs read the end, the prompt ends. */
  hangUp(): void {
    this.#lines.end()
    this.#finish('end')
  }

  /** Lets the person edit one line after a prompt. */
  async readLine(prompt: string, history: readonly string[]): Promise<EditedLine> {
    this.interrupted = false
    await this.#write(prompt)
    return new Promise((done) => {
      this.#buffer = ''
      this.#cursor = 0
      this.#editor = { prompt, history, position: history.length, draft: '', done }
      const typed = this.#typeAhead
      this.#typeAhead = ''
      for (let index = 0; index < typed.length; index++) {
        this.#key(typed[index]!)
        if (!this.#editor) {
          this.#typeAhead = typed.slice(index + 1)
          break
        }
      }
    })
  }

  /** Ctrl-C came while no program had the terminal; the shell looks at it between commands. */
  interrupted = false

  /** Keeps keys for the next prompt instead of giving them to whoever reads. */
  holdTypeAhead = false

  #key(key: string): void {
    if (this.#escape || key === '\x1b') return this.#escapeKey(key)
    if (key === '\x03') return this.#interrupt()
    if (!this.#editor && this.holdTypeAhead && this.foreground.size === 0) {
      this.#typeAhead += key
      return
    }
    switch (key) {
      case '\r':
      case '\n': {
        void this.#write('\r\n')
        const line = this.#buffer
        this.#buffer = ''
        this.#cursor = 0
        if (this.#editor) this.#finish({ line })
        else void this.#lines.write(Buffer.from(`${line}\n`)).catch(() => {})
        return
      }
      case '\x04':
        if (this.#editor && this.#buffer === '') this.#finish('end')
        else if (!this.#editor && this.#buffer === '') this.#lines.end()
        else if (!this.#editor) {
          void this.#lines.write(Buffer.from(this.#buffer)).catch(() => {})
          this.#buffer = ''
          this.#cursor = 0
        }
        return
      case '\x7f':
      case '\b':
        if (this.#cursor > 0) this.#replace(this.#cursor - 1, this.#cursor, '')
        return
      case '\x15':
        return this.#replace(0, this.#cursor, '')
      case '\x0b':
        return this.#replace(this.#cursor, this.#buffer.length, '')
      case '\x17': {
        const before = this.#buffer.slice(0, this.#cursor).replace(/\S+\s*$/, '')
        return this.#replace(before.length, this.#cursor, '')
      }
      case '\x01':
        return this.#move(0)
      case '\x05':
        return this.#move(this.#buffer.length)
      case '\x0c':
        if (this.#editor) void this.#write(`\x1b[H\x1b[J${this.#editor.prompt}${this.#buffer}`)
        this.#cursor = this.#buffer.length
        return
      default:
        if (key >= ' ' || key === '\t') this.#replace(this.#cursor, this.#cursor, key)
    }
  }

  #escapeKey(key: string): void {
    this.#escape += key
    if (this.#escape.length < 3 && !(this.#escape.length === 2 && !/[[O]/.test(key))) return
    if (this.#escape[1] === '[' && /^[\d;]*$/.test(this.#escape.slice(2))) return
    const sequence = this.#escape.slice(2)
    this.#escape = ''
    if (!this.#editor) return
    if (sequence === 'D') this.#move(Math.max(0, this.#cursor - 1))
    else if (sequence === 'C') this.#move(Math.min(this.#buffer.length, this.#cursor + 1))
    else if (sequence === 'H' || sequence === '1~') this.#move(0)
    else if (sequence === 'F' || sequence === '4~') this.#move(this.#buffer.length)
    else if (sequence === '3~') this.#replace(this.#cursor, this.#cursor + 1, '')
    else if (sequence === 'A') this.#recall(-1)
    else if (sequence === 'B') this.#recall(1)
  }

  #recall(step: number): void {
    const editor = this.#editor!
    const position = editor.position + step
    if (position < 0 || position > editor.history.length) return
    if (editor.position === editor.history.length) editor.draft = this.#buffer
    editor.position = position
    this.#replace(0, this.#buffer.length, editor.history[position] ?? editor.draft)
  }

  #interrupt(): void {
    void this.#write('^C\r\n')
    this.#buffer = ''
    this.#cursor = 0
    if (this.#editor) return this.#finish('interrupted')
    this.#typeAhead = ''
    this.interrupted = this.foreground.size === 0
    for (const process of [...this.foreground]) process.kill('SIGINT')
  }

  #finish(result: EditedLine): void {
    const editor = this.#editor
    this.#editor = undefined
    editor?.done(result)
  }

  #replace(start: number, end: number, text: string): void {
    const rest = this.#buffer.slice(end)
    const back =
      start < this.#cursor
        ? `\x1b[${this.#cursor - start}D`
        : start > this.#cursor
          ? `\x1b[${start - this.#cursor}C`
          : ''
    this.#buffer = this.#buffer.slice(0, start) + text + rest
    this.#cursor = start + text.length
    const removed = end > start
    const tail = `${text}${rest}${removed ? '\x1b[K' : ''}${rest ? `\x1b[${rest.length}D` : ''}`
    void this.#write(back + tail)
  }

  #move(to: number): void {
    if (to < this.#cursor) void this.#write(`\x1b[${this.#cursor - to}D`)
    else if (to > this.#cursor) void this.#write(`\x1b[${to - this.#cursor}C`)
    this.#cursor = to
  }

  #write(text: string, encoding: BufferEncoding = 'utf8'): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stream.destroyed || this.#stream.writableEnded) return resolve()
      if (this.#stream.write(Buffer.from(text, encoding))) resolve()
      else this.#stream.once('drain', resolve)
    })
  }
}
