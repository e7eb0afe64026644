import { type Signal, signal } from '@preact/signals'
import type { TerminalInfo } from '#server/api.ts'
import { type ConnectionState, TerminalConnection } from './connection.ts'
import { keyAction } from './keys.ts'
import { cleanPaste, isSeveralLines } from './paste.ts'
import { ask } from './questions.ts'
import { createScreen, type XtermScreen } from './screen.ts'

/** The longest title a program may give its terminal, in characters. */
const TITLE_LENGTH = 80

/** One of the learner's terminals: a screen, its connection, and what keyboard and clipboard do in it. */
export class LabTerminal {
  readonly id: string
  readonly name: string
  readonly state = signal<ConnectionState>('connecting')
  /** What the shell calls itself, as text. */
  readonly title = signal('')
  readonly exitCode = signal<number | undefined>(undefined)
  readonly finding = signal(false)
  /** Whether it took the place of one that was lost and the learner has yet to be told. */
  readonly replacesLost: Signal<boolean>
  /** Set by the page: where the focus goes when it leaves the terminal by keyboard. */
  onLeave: (() => void) | undefined
  /** Set by the page: called when the server does not know this terminal any more. */
  onGone: (() => void) | undefined
  wasAttached = false
  #screen: XtermScreen | undefined
  #connection: TerminalConnection | undefined

  constructor(info: TerminalInfo, name: string, replacesLost = false) {
    this.id = info.id
    this.name = name
    this.replacesLost = signal(replacesLost)
  }

  /** Shows the terminal in an element and connects it. */
  open(element: HTMLElement): void {
    if (this.#screen) return
    const screen = createScreen(element, this.name)
    const { xterm } = screen
    this.#screen = screen
    const connection = new TerminalConnection(this.id, screen.output, {
      state: (state) => {
        this.state.value = state
        xterm.options.disableStdin = state !== 'attached'
        if (state === 'attached') this.wasAttached = true
        if (state === 'gone') this.onGone?.()
      },
      exit: (code) => {
        this.exitCode.value = code
      },
    })
    this.#connection = connection
    const encoder = new TextEncoder()
    xterm.onData((text) => connection.send(encoder.encode(text)))
    xterm.onKey(() => {
      this.replacesLost.value = false
    })
    xterm.onBinary((text) => connection.send(Uint8Array.from(text, (character) => character.charCodeAt(0))))
    xterm.onResize(() => connection.resize())
    xterm.onTitleChange((title) => {
      this.title.value = title.slice(0, TITLE_LENGTH)
    })
    xterm.attachCustomKeyEventHandler((event) => this.#key(event))
    element.addEventListener('paste', (event) => this.#pasted(event), true)
    screen.fit()
    void connection.connect()
  }

  focus(): void {
    this.#screen?.xterm.focus()
  }

  fit(): void {
    this.#screen?.fit()
  }

  /** Connects anew where it was connected. */
  comeBack(): void {
    if (this.state.peek() === 'attached') void this.#connection?.connect()
  }

  reconnect(): void {
    this.state.value = 'connecting'
    void this.#connection?.connect()
  }

  /** Puts a command at the prompt; the learner presses Enter. */
  async type(command: string): Promise<void> {
    const xterm = this.#screen?.xterm
    if (!xterm) return
    const text = cleanPaste(command)
    // With bracketed paste the shell holds several lines back; without it they would run.
    if (isSeveralLines(text) && !xterm.modes.bracketedPasteMode && !(await ask({ kind: 'paste', text })))
      return
    xterm.paste(text)
    xterm.focus()
  }

  /** Finds text, downwards or upwards. Gives whether there was any. */
  find(text: string, backwards = false): boolean {
    const search = this.#screen?.search
    if (!search || !text) return true
    return backwards ? search.findPrevious(text) : search.findNext(text, { incremental: false })
  }

  endFind(): void {
    this.finding.value = false
    this.#screen?.search.clearDecorations()
    this.focus()
  }

  close(): void {
    this.#connection?.close()
    this.#screen?.dispose()
  }

  #key(event: KeyboardEvent): boolean {
    const action = keyAction(event)
    if (!action) return true
    if (event.type === 'keydown') {
      event.preventDefault()
      if (action === 'copy')
        void navigator.clipboard.writeText(this.#screen?.xterm.getSelection() ?? '').catch(() => {})
      if (action === 'paste')
        void navigator.clipboard
          .readText()
          .then((text) => this.#paste(text))
          .catch(() => {})
      if (action === 'find') this.finding.value = true
      if (action === 'leave') this.onLeave?.()
    }
    return false
  }

  #pasted(event: ClipboardEvent): void {
    event.preventDefault()
    event.stopImmediatePropagation()
    void this.#paste(event.clipboardData?.getData('text/plain') ?? '')
  }

  async #paste(raw: string): Promise<void> {
    const text = cleanPaste(raw)
    if (!text || (isSeveralLines(text) && !(await ask({ kind: 'paste', text })))) return
    this.#screen?.xterm.paste(text)
    this.focus()
  }
}
