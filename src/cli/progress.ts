import type { PrepareProgress } from './prepare.ts'

/** Shows progress on standard error: one line that changes on a terminal, a line for each new task elsewhere. */
export function showProgress(): { progress: PrepareProgress; done(): void } {
  let last = ''
  const tty = process.stderr.isTTY
  return {
    progress(what, done) {
      const text = done === undefined ? `${what} …` : `${what} … ${Math.round(done * 100)} %`
      if (tty) process.stderr.write(`\r\x1b[K${text}`)
      else if (what !== last) process.stderr.write(`${what} …\n`)
      last = what
    },
    done() {
      if (tty && last) process.stderr.write('\r\x1b[K')
    },
  }
}
