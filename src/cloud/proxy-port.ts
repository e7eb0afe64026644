import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Listens on the lab network's port of a data folder: open terminals know it from their environment, so after a restart it must be the same, if it is still free. Gives it. */
export async function listenAsBefore(
  listen: (port: number) => Promise<number>,
  directory: string,
): Promise<number> {
  const file = join(directory, 'proxy-port')
  const before = Number(await readFile(file, 'utf8').catch(() => '0'))
  const port = await listen(before).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    return listen(0)
  })
  if (port !== before) {
    await writeFile(`${file}.tmp`, String(port), { mode: 0o600 })
    await rename(`${file}.tmp`, file)
  }
  return port
}
