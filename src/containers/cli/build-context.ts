import { createReadStream } from 'node:fs'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { ignoreMatcher } from '../engine/build/dockerignore.ts'
import { tarEnd, tarHeader, tarPadding } from '../files/tar.ts'
import { CommandError } from './client.ts'

/** The tar of a build context, without what .dockerignore excludes (but always with the Dockerfile and itself). */
export async function* contextTar(folder: string, dockerfile: string): AsyncGenerator<Uint8Array> {
  const root = resolve(folder)
  const text = await readFile(join(root, '.dockerignore'), 'utf8').catch(() => '')
  const ignored = ignoreMatcher(text)
  const keep = new Set([dockerfile, '.dockerignore'])
  async function* walk(path: string): AsyncGenerator<Uint8Array> {
    for (const name of (await readdir(path)).sort()) {
      const full = join(path, name)
      const shown = relative(root, full)
      const info = await lstat(full)
      const skip = ignored(shown) && !keep.has(shown)
      const common = {
        name: shown,
        mode: info.mode & 0o7777,
        uid: 0,
        gid: 0,
        mtime: Math.floor(info.mtimeMs / 1000),
        size: 0,
      }
      if (info.isDirectory()) {
        if (!skip) yield tarHeader({ ...common, type: 'directory' })
        // A rule with `!` may bring back something inside.
        if (!skip || /^\s*!/m.test(text)) yield* walk(full)
      } else if (skip) continue
      else if (info.isSymbolicLink())
        yield tarHeader({ ...common, type: 'symlink', linkName: await readlink(full) })
      else if (info.isFile()) {
        yield tarHeader({ ...common, type: 'file', size: info.size })
        if (info.size > 0) yield* createReadStream(full, { end: info.size - 1 })
        yield tarPadding(info.size)
      }
    }
  }
  yield* walk(root)
  yield tarEnd()
}

/** Checks the folder and its Dockerfile; gives the Dockerfile's path inside the context. */
export async function findDockerfile(folder: string, given: string | undefined): Promise<string> {
  const info = await lstat(folder).catch(() => undefined)
  if (!info) throw new CommandError(`unable to prepare context: path "${folder}" not found`)
  if (!info.isDirectory())
    throw new CommandError(`unable to prepare context: context must be a directory: ${folder}`)
  const file = given ? resolve(given) : join(resolve(folder), 'Dockerfile')
  const inside = relative(resolve(folder), file)
  if (!(await lstat(file).catch(() => undefined))) {
    throw new CommandError(
      `unable to prepare context: unable to evaluate symlinks in Dockerfile path: lstat ${file}: no such file or directory`,
    )
  }
  if (inside.startsWith('..'))
    throw new CommandError(
      `unable to prepare context: the Dockerfile (${file}) must be within the build context`,
    )
  return inside
}
