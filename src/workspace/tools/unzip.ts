import { createWriteStream } from 'node:fs'
import { chmod, mkdir, symlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { type Entry, openPromise } from 'yauzl'

/** Called as an archive is unpacked, in bytes of the unpacked files. */
export type UnzipProgress = (done: number, total: number) => void

const FILE_TYPE = 0o170000
const SYMLINK = 0o120000
const PARALLEL = 4

/**
 * Unpacks a zip archive, keeping permissions and symbolic links.
 * A link that leads out of the folder is left out (the AWS CLI's has one to where a Lambda layer is mounted);
 * a name that does is refused.
 */
export async function unzip(archive: string, folder: string, onProgress?: UnzipProgress): Promise<void> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false })
  try {
    const entries: Entry[] = []
    for await (const entry of zip.eachEntry()) entries.push(entry)
    const total = entries.reduce((sum, entry) => sum + entry.uncompressedSize, 0)
    let done = 0

    const links: Entry[] = []
    const files: Entry[] = []
    const folders = new Set([folder])
    for (const entry of entries) {
      const path = join(folder, entry.fileName)
      if (entry.fileName.endsWith('/')) folders.add(path)
      else {
        folders.add(dirname(path))
        ;(isLink(entry) ? links : files).push(entry)
      }
    }
    for (const path of folders) await mkdir(path, { recursive: true })

    // The large ones first, so that no thread is left with one at the end.
    files.sort((a, b) => a.uncompressedSize - b.uncompressedSize)
    const worker = async () => {
      for (let entry = files.pop(); entry; entry = files.pop()) {
        const path = join(folder, entry.fileName)
        await pipeline(
          await zip.openReadStreamPromise(entry),
          createWriteStream(path, { mode: modeOf(entry) }),
        )
        await chmod(path, modeOf(entry))
        done += entry.uncompressedSize
        onProgress?.(done, total)
      }
    }
    await Promise.all(Array.from({ length: PARALLEL }, worker))

    // Links last: no file is ever written through one.
    for (const entry of links) {
      const path = join(folder, entry.fileName)
      const target = await text(await zip.openReadStreamPromise(entry))
      if (!relative(folder, resolve(dirname(path), target)).startsWith('..')) await symlink(target, path)
    }
  } finally {
    zip.close()
  }
}

function modeOf(entry: Entry): number {
  return (entry.externalFileAttributes >>> 16) & 0o777 || 0o644
}

function isLink(entry: Entry): boolean {
  return ((entry.externalFileAttributes >>> 16) & FILE_TYPE) === SYMLINK
}
