import { createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { connectCloud } from '#cloud/client.ts'
import { answers, cloudSocket } from '#cloud/runtime-directory.ts'
import { openDatabase } from '#database/database.ts'
import { migrationsOf, readRows } from '#database/rows.ts'
import { entriesOf, MAX_DEPTH, type Opened, openFolder } from '#workspace/opened-folder.ts'

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
      await using save = await open(join(saves, SAVE))
      await addFile(archive, save, `cloud/worlds/${id}/snapshot-${await revisionOf(save)}`)
      await addFolder(archive, saves, `cloud/worlds/${id}/saves`, (name) => name !== SAVE)
    }
  } finally {
    client.close()
  }
  await addFolder(archive, folder, 'cloud', (name) => name !== 'worlds')
}

/** The revision in a snapshot's first line, which is short. */
async function revisionOf(snapshot: FileHandle): Promise<number> {
  const { buffer, bytesRead } = await snapshot.read(Buffer.alloc(256), 0, 256, 0)
  const [line] = buffer.toString('utf8', 0, bytesRead).split('\n')
  return (JSON.parse(line!) as { revision: number }).revision
}

/**
 * Adds what is in a folder; `take` is asked for its own entries only. Learners work in theirs meanwhile (`entriesOf`). Links are kept as
 * links; left out is what is no file, folder or link, and what is deeper than 100 folders.
 */
async function addFolder(
  archive: Pack,
  path: string,
  name: string,
  take: (entry: string) => boolean = () => true,
): Promise<void> {
  await using folder = await openFolder(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (folder) await addEntries(archive, folder, name, 0, take)
}

async function addEntries(
  archive: Pack,
  folder: Opened,
  name: string,
  depth: number,
  take: (entry: string) => boolean = () => true,
): Promise<void> {
  for await (const entry of entriesOf(folder)) {
    if (!take(entry.name)) continue
    const inside = `${name}/${entry.name}`
    if (entry.kind === 'folder' && depth < MAX_DEPTH) {
      await addEntry(archive, { name: inside, type: 'directory', mode: 0o700 })
      await addEntries(archive, entry.opened, inside, depth + 1)
    } else if (entry.kind === 'link') {
      await addEntry(archive, { name: inside, type: 'symlink', linkname: entry.target })
    } else if (entry.kind === 'file') await addFile(archive, entry.opened.handle, inside)
  }
}

/** Adds a file with the size that it has now, and closes it: one that grows meanwhile is cut. */
async function addFile(archive: Pack, file: FileHandle, name: string): Promise<void> {
  const { size, mode, mtime } = await file.stat()
  const entry = { name, size, mode: mode & 0o777, mtime }
  if (size === 0) return addEntry(archive, entry)
  const bytes = file.createReadStream({ start: 0, end: size - 1 })
  await pipeline(padded(bytes, size), archive.entry(entry))
}

/** What stands for bytes that are not there any more. */
const ZEROS = Buffer.alloc(64 * 1024)

/** Exactly so many bytes: zeros for what a file lost while it was read. */
async function* padded(bytes: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer> {
  let left = size
  for await (const piece of bytes) {
    left -= piece.length
    yield piece
  }
  for (; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left)
}

function addText(archive: Pack, name: string, text: string): Promise<void> {
  return addEntry(archive, { name, mode: 0o600 }, text)
}

function addEntry(archive: Pack, header: Parameters<Pack['entry']>[0], text = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry(header, text, (error) => (error ? reject(error) : resolve()))
  })
}
