import { watch } from 'node:fs'

/** So long (ms) changes are gathered: an unpacked archive is one change to who looks. */
const GATHER = 150

/** Calls back some time after anything below a home folder has changed, until closed. A home that goes away ends it. */
export function watchHome(home: string, changed: () => void): { close(): void } {
  let timer: NodeJS.Timeout | undefined
  const watcher = watch(home, { recursive: true, persistent: false }, () => {
    timer ??= setTimeout(() => {
      timer = undefined
      changed()
    }, GATHER)
  })
  watcher.on('error', () => watcher.close())
  return {
    close() {
      clearTimeout(timer)
      watcher.close()
    },
  }
}
