/** Lines as eksctl writes them: `2026-11-21 08:00:00 [ℹ]  text`. */
export interface Log {
  info(text: string): void
  success(text: string): void
  warning(text: string): void
  critical(text: string): void
}

/** Logs to standard output, or to standard error when the output is for machines (`-o json`). */
export function createLog(stream: NodeJS.WritableStream): Log {
  const line = (sign: string) => (text: string) => {
    const now = new Date()
    const two = (value: number) => String(value).padStart(2, '0')
    const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
    const time = `${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`
    stream.write(`${day} ${time} [${sign}]  ${text}\n`)
  }
  return { info: line('ℹ'), success: line('✔'), warning: line('!'), critical: line('✖') }
}

/** A failure with a text for its user; anything else is a mistake of ours. */
export class EksctlError extends Error {
  override readonly name = 'EksctlError'
}
