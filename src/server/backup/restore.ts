import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { openDatabase } from '#database/database.ts'
import { migrationsOf, type Row, writeRows } from '#database/rows.ts'
import { BACKUP_FORMAT, type Manifest, type Place } from './backup.ts'

/** Where files of an archive may go. */
const FOLDERS = ['cloud', 'workspaces']

/**
 * Puts a backup into an empty data folder and an empty database, SQLite or PostgreSQL, whichever it was made of. Throws when something
 * is there already, and when the file is no backup, is of a newer version, or leads out of the folder.
 */
export async function restore({ data, database: location }: Place, file: string): Promise<Manifest> {
  for (const folder of FOLDERS)
    if ((await readdir(join(data, folder)).catch(() => [])).length > 0)
      throw new Error(`${join(data, folder)} is not empty: nothing is put back over what is there.`)
  const database = await openDatabase(location)
  try {
    const known = await migrationsOf(database)
    const { manifest, tables, links } = await unpack(file, data, known)
    // Last, so that no file is ever written through one.
    for (const [path, target] of links) await symlink(target, path)
    await writeRows(database, tables)
    return manifest
  } finally {
    await database.destroy()
  }
}

interface Unpacked {
  manifest: Manifest
  tables: [string, Row[]][]
  links: [path: string, target: string][]
}

async function unpack(file: string, data: string, migrations: string[]): Promise<Unpacked> {
  let manifest: Manifest | undefined
  const tables: Unpacked['tables'] = []
  const links: Unpacked['links'] = []
  const archive = extract()
  const read = pipeline(createReadStream(file), createGunzip(), archive)
  const take = async () => {
    for await (const entry of archive) {
      const { name, type, linkname } = entry.header
      if (!manifest) {
        manifest = parseManifest(name, (await buffer(entry)).toString(), migrations)
        continue
      }
      const table = /^database\/(\w+)\.jsonl$/.exec(name)?.[1]
      if (table) {
        const lines = (await buffer(entry)).toString().split('\n').filter(Boolean)
        tables.push([table, lines.map((line) => JSON.parse(line) as Row)])
        continue
      }
      const path = join(data, inside(name))
      await mkdir(type === 'directory' ? path : dirname(path), { recursive: true, mode: 0o700 })
      if (type === 'symlink' && linkname) links.push([path, linkname])
      else if (type === 'file') {
        await pipeline(entry, createWriteStream(path, { mode: (entry.header.mode ?? 0o600) & 0o777 }))
        continue
      }
      entry.resume()
    }
  }
  await Promise.all([read, take()]).catch((error: NodeJS.ErrnoException) => {
    if (error.code?.startsWith('Z_') || error.message.includes('tar header'))
      throw new Error(`${file} is not a backup of Drydock, or it is not whole.`)
    throw error
  })
  if (!manifest) throw new Error(`${file} is not a backup of Drydock.`)
  return { manifest, tables, links }
}

function parseManifest(name: string, text: string, migrations: string[]): Manifest {
  const manifest = name === 'manifest.json' && (JSON.parse(text) as Manifest)
  if (!manifest) throw new Error('The file is not a backup of Drydock: it has no manifest.')
  const newer = manifest.migrations.filter((migration) => !migrations.includes(migration))
  if (manifest.format > BACKUP_FORMAT || newer.length > 0)
    throw new Error('The backup was made by a newer version of Drydock. Update this one first.')
  return manifest
}

/** The path of an entry, if it stays in the folders that a backup has. */
function inside(name: string): string {
  const parts = name.replace(/\/$/, '').split('/')
  if (FOLDERS.includes(parts[0]!) && parts.every((part) => part !== '' && part !== '.' && part !== '..'))
    return name
  throw new Error(`The backup has an entry "${name}" that is no place in a data folder.`)
}
