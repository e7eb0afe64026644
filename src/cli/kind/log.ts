/** A failure with a text for its user; anything else is a mistake of ours. */
export class KindError extends Error {
  override readonly name = 'KindError'
}

/** What kind tells on standard error while it works. */
export interface Status {
  say(text: string): void
  /** Does a step under its heading. */
  step<T>(heading: string, act: () => Promise<T>): Promise<T>
}

/** On a terminal a step's line is written over when it ends, else both are shown. Quiet: nothing. */
export function createStatus(stream: NodeJS.WriteStream, quiet: boolean): Status {
  const write = (text: string) => {
    if (!quiet) stream.write(text)
  }
  return {
    say: (text) => write(`${text}\n`),
    async step(heading, act) {
      write(stream.isTTY ? ` • ${heading}  ...` : ` • ${heading}  ...\n`)
      const end = (sign: string) =>
        write(stream.isTTY ? `\r\x1b[K ${sign} ${heading}\n` : ` ${sign} ${heading}\n`)
      try {
        const result = await act()
        end(stream.isTTY ? '\x1b[32m✓\x1b[0m' : '✓')
        return result
      } catch (error) {
        end(stream.isTTY ? '\x1b[31m✗\x1b[0m' : '✗')
        throw error
      }
    },
  }
}
