/** How a string begins that tells the terminal something: OSC (title, clipboard, addresses of links), DCS, SOS, PM, APC. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const BEGIN = /\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f]/
/** How it ends; an escape begins something new, mostly the terminator `ESC \`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const END = /[\x18\x1a\x1b\x9c]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this looks for
const END_OF_OSC = /[\x07\x18\x1a\x1b\x9c]/

/**
 * Takes out of output what is told to the terminal and shown to nobody, such as what a program puts into the clipboard.
 * https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
export class ShownText {
  /** How the string ends that the last piece has begun. */
  #end: RegExp | undefined
  /** An escape whose next character is in the next piece. */
  #held = ''

  /** The part of the next piece that is shown. */
  take(piece: string): string {
    let rest = this.#held + piece
    this.#held = ''
    let shown = ''
    for (;;) {
      if (this.#end) {
        const at = rest.search(this.#end)
        if (at === -1) return shown
        rest = rest.slice(rest[at] === '\x1b' ? at : at + 1)
        this.#end = undefined
      }
      const begin = BEGIN.exec(rest)
      if (!begin) break
      shown += rest.slice(0, begin.index)
      rest = rest.slice(begin.index + begin[0].length)
      this.#end = begin[0] === '\x1b]' || begin[0] === '\x9d' ? END_OF_OSC : END
    }
    if (rest.endsWith('\x1b')) {
      this.#held = '\x1b'
      rest = rest.slice(0, -1)
    }
    return shown + rest
  }
}
