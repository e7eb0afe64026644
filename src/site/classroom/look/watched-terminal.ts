import { signal } from '@preact/signals'
import type { Look, TerminalInfo } from '#server/api.ts'
import { type ConnectionState, TerminalConnection } from '../../lab/terminal/connection.ts'
import { createScreen, type XtermScreen } from '../../lab/terminal/screen.ts'

/** A learner's terminal as somebody sees it who looks on: in the learner's size, and read-only unless the learner lets them type. */
export class WatchedTerminal {
  readonly id: string
  readonly title: string
  readonly state = signal<ConnectionState>('connecting')
  readonly #look: string
  #mayType: boolean
  #screen: XtermScreen | undefined
  #connection: TerminalConnection | undefined

  constructor({ id, title }: TerminalInfo, look: Look) {
    this.id = id
    this.title = title
    this.#look = look.id
    this.#mayType = look.keyboard === 'shared'
  }

  open(element: HTMLElement): void {
    if (this.#screen) return
    const screen = createScreen(element, this.title, { shielded: true })
    const { xterm } = screen
    this.#screen = screen
    this.#connection = new TerminalConnection(
      this.id,
      { ...screen.output, resized: ({ columns, rows }) => xterm.resize(columns, rows) },
      {
        state: (state) => {
          this.state.value = state
        },
        exit: () => {},
      },
      `/api/looks/${encodeURIComponent(this.#look)}/terminals/${encodeURIComponent(this.id)}/ticket`,
    )
    const encoder = new TextEncoder()
    xterm.onData((text) => this.#connection?.send(encoder.encode(text)))
    this.mayType(this.#mayType)
    void this.#connection.connect()
  }

  /** Says whether keys go to the learner's shell. The server asks the same question at each of them. */
  mayType(may: boolean): void {
    this.#mayType = may
    if (!this.#screen) return
    this.#screen.xterm.options.disableStdin = !may
    if (may) this.#screen.xterm.focus()
  }

  close(): void {
    this.#connection?.close()
    this.#screen?.dispose()
  }
}
