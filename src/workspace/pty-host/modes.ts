/** Bytes of a sequence that may be cut between two pieces. */
const LONGEST = 64
const MODE_LIMIT = 64
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const MODE_CHANGE = /\x1b\[\?([\d;]{1,40})([hl])|\x1bc/g

/**
 * The terminal's private modes (alternate screen, bracketed paste, hidden cursor, mouse) as output that is no longer
 * kept has set them. A screen restored from the rest starts from these.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (DECSET, RIS)
 */
export class ModeTracker {
  readonly #modes = new Map<number, boolean>()
  #tail = ''

  /** Follows a piece of output. */
  follow(piece: Buffer): void {
    // Most output has no escape at all: look with the fast search first.
    if (this.#tail === '' && !piece.includes(0x1b)) return
    const text = this.#tail + piece.toString('latin1')
    let parsed = 0
    for (const match of text.matchAll(MODE_CHANGE)) {
      parsed = match.index + match[0].length
      if (match[1] === undefined) this.#modes.clear()
      else for (const mode of match[1].split(';')) this.#set(Number(mode), match[2] === 'h')
    }
    const last = text.lastIndexOf('\x1b')
    this.#tail = last >= parsed && text.length - last < LONGEST ? text.slice(last) : ''
  }

  /** The sequences that bring a fresh terminal into these modes. */
  prefix(): string {
    return [...this.#modes].map(([mode, on]) => `\x1b[?${mode}${on ? 'h' : 'l'}`).join('')
  }

  #set(mode: number, on: boolean): void {
    if (this.#modes.has(mode) || this.#modes.size < MODE_LIMIT) this.#modes.set(mode, on)
  }
}
