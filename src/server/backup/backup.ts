import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, open, readdir, readlink, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { connectCloud } from '#cloud/client.ts'
import { answers, cloudSocket } from '#cloud/runtime-directory.ts'
import { openDatabase } from '#database/database.ts'
import { migrationsOf, readRows } from '#database/rows.ts'

/** Raised when the archive's form changes. */
export const BACKUP_FORMAT = 1
/** Under this name each world is kept at the moment of the backup. */
const SAVE = 'backup'

export interface Place {
  /** The data folder. */
  data: string
  /** As `openDatabase` takes it. */
  database: string
}

/** What stands at the beginning of an archive. */
export interface Manifest {
  format: number
  /** ISO time */
  madeAt: string
  migrations: string[]
}

/**
 * Writes database, worlds, images and home folders into one file, while the server runs or not. The database is of one moment, and
 * each world of one shortly after, so that everything that the database tells of is there.
 */
export async function backUp({ data, database: location }: Place, file: string): Promise<void> {
  const part = `${file}.partial`
  const archive = pack()
  const written = pipeline(archive, createGzip(), createWriteStream(part, { mode: 0o600 }))
  try {
    await Promise.all([fill(archive, data, location), written])
  } catch (error) {
    archive.destroy()
    await written.catch(() => {})
    await rm(part, { force: true })
    throw error
  }
  // Half a backup never stands under the name of a whole one.
  await rename(part, file)
}

async function fill(archive: Pack, data: string, location: string): Promise<void> {
  const database = await openDatabase(location)
  try {
    const manifest: Manifest = {
      format: BACKUP_FORMAT,
      madeAt: new Date().toISOString(),
      migrations: await migrationsOf(database),
    }
    await addText(archive, 'manifest.json', JSON.stringify(manifest))
    for (const [table, rows] of await readRows(database))
      await addText(
        archive,
        `database/${table}.jsonl`,
        rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
      )
  } finally {
    await database.destroy()
  }
  await addCloud(archive, join(data, 'cloud'))
  await addFolder(archive, join(data, 'workspaces'), 'workspaces')
  archive.finalize()
}

async function addCloud(archive: Pack, folder: string): Promise<void> {
  const socket = await cloudSocket(folder)
  const worlds = join(folder, 'worlds')
  if (!(await answers(socket))) return addFolder(archive, folder, 'cloud')
  // A running world changes its files: what is kept of it is a save point, which is one of its snapshots.
  const client = connectCloud(socket)
  try {
    for (const { id } of await client.worlds()) {
      await client.save(id, SAVE)
      const saves = join(worlds, id, 'saves')
      const revision = await revisionOf(join(saves, SAVE))
      await addFile(archive, join(saves, SAVE), `cloud/worlds/${id}/snapshot-${revision}`)
      await addFolder(archive, saves, `cloud/worlds/${id}/saves`, (name) => name !== SAVE)
    }
  } finally {
    client.close()
  }
  await addFolder(archive, folder, 'cloud', (name) => name !== 'worlds')
}

/** The revision in a snapshot's first line. */
async function revisionOf(snapshot: string): Promise<number> {
  const file = await open(snapshot)
  try {
    for await (const line of file.readLines()) return (JSON.parse(line) as { revision: number }).revision
    throw new Error(`${snapshot} is empty`)
  } finally {
    await file.close()
  }
}

/** Adds what is in a folder; `take` is asked for its own entries only. Links are kept as links, sockets left out. */
async function addFolder(
  archive: Pack,
  folder: string,
  name: string,
  take: (entry: string) => boolean = () => true,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const entry of entries.filter(({ name }) => take(name))) {
    const path = join(folder, entry.name)
    const inside = `${name}/${entry.name}`
    if (entry.isDirectory()) {
      await addEntry(archive, { name: inside, type: 'directory', mode: 0o700 })
      await addFolder(archive, path, inside)
    } else if (entry.isSymbolicLink()) {
      const linkname = await readlink(path).catch(() => undefined)
      if (linkname !== undefined) await addEntry(archive, { name: inside, type: 'symlink', linkname })
    } else if (entry.isFile()) await addFile(archive, path, inside)
  }
}

/** Adds a file with the size that it had when it was opened: one that grows meanwhile is cut, one that went is left out. */
async function addFile(archive: Pack, path: string, name: string): Promise<void> {
  const stat = await lstat(path).catch(() => undefined)
  if (!stat?.isFile()) return
  const entry = { name, size: stat.size, mode: stat.mode & 0o777, mtime: stat.mtime }
  if (stat.size === 0) return addEntry(archive, entry)
  const bytes = createReadStream(path, { end: stat.size - 1 })
  await pipeline(padded(bytes, stat.size), archive.entry(entry))
}

/** Exactly so many bytes: zeros for what a file lost while it was read. */
async function* padded(bytes: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let left = size
  for await (const piece of bytes) {
    left -= piece.length
    yield piece
  }
  if (left > 0) yield Buffer.alloc(left)
}

function addText(archive: Pack, name: string, text: string): Promise<void> {
  return addEntry(archive, { name, mode: 0o600 }, text)
}

function addEntry(archive: Pack, header: Parameters<Pack['entry']>[0], text = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, text, (error) => (error ? reject(error) : resolve()))
  })
}
