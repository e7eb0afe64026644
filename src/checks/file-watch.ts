import { type FSWatcher, mkdirSync, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Calls back when one of the files (paths relative to `home`) is made, changed or removed. The folders that hold them are
 * watched, since editors replace files; a missing one (`.kube`) is made.
 */
export function watchFiles(home: string, files: string[], changed: () => void): { close(): void } {
  const names = new Map<string, Set<string>>()
  for (const file of files) {
    const folder = join(home, dirname(file))
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)))
  }
  const watchers: FSWatcher[] = []
  for (const [folder, wanted] of names) {
    mkdirSync(folder, { recursive: true })
    const watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || wanted.has(name)) changed()
    })
    // A folder that goes away takes its watcher along; the check can still be run by hand.
    watcher.on('error', () => watcher.close())
    watchers.push(watcher)
  }
  return {
    close() {
      for (const watcher of watchers) watcher.close()
    },
  }
}
