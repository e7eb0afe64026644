import serializePackage from '@xterm/addon-serialize'
import headlessPackage from '@xterm/headless'

/** Lines above the screen that a reloaded page gets back. */
const SCROLLBACK = 2_000
/** Parsed at once, in bytes: about a millisecond. */
const SLICE = 8 * 1024

export interface Size {
  columns: number
  rows: number
}

/** Output in order, with the sizes that the terminal had. */
export type Recording = (Buffer | string | Size)[]

/**
 * Plays a recording on a terminal without a display and gives what a fresh xterm has to be written to show the same:
 * text, colours, cursor, modes, the alternate screen. Queries in the output are answered to nobody.
 */
export async function renderScreen(recording: Recording, first: Size, last: Size): Promise<string> {
  const terminal = new headlessPackage.Terminal({
    cols: first.columns,
    rows: first.rows,
    scrollback: SCROLLBACK,
    allowProposedApi: true,
  })
  const serializer = new serializePackage.SerializeAddon()
  // The add-on's type asks for a terminal with a display; it reads only the buffer, which both have.
  terminal.loadAddon(serializer as unknown as Parameters<typeof terminal.loadAddon>[0])
  try {
    for (const part of recording) {
      if (typeof part === 'string') await new Promise<void>((done) => terminal.write(part, done))
      else if (Buffer.isBuffer(part)) {
        for (let from = 0; from < part.length; from += SLICE) {
          await new Promise<void>((done) => terminal.write(part.subarray(from, from + SLICE), done))
        }
      } else terminal.resize(part.columns, part.rows)
    }
    terminal.resize(last.columns, last.rows)
    return serializer.serialize({ scrollback: SCROLLBACK })
  } finally {
    terminal.dispose()
  }
}
