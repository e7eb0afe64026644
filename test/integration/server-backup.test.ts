import { execFileSync } from 'node:child_process'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CheckReport } from '../../src/checks/finding.ts'
import { Cloud } from '../../src/cloud/cloud.ts'
import { openDatabase } from '../../src/database/database.ts'
import { People } from '../../src/database/people.ts'
import { DatabaseProgress } from '../../src/database/progress.ts'
import { backUp } from '../../src/server/backup/backup.ts'
import { restore } from '../../src/server/backup/restore.ts'
import { exchangeForLinks } from '../support/exchange-for-links.ts'
import { TestPostgres } from '../support/postgres.ts'

let folder: string
let postgres: TestPostgres

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drydock-backup-'))
  postgres = await TestPostgres.start()
})
afterAll(async () => {
  await postgres.close()
  await rm(folder, { recursive: true, force: true })
})

/** The files of an archive. */
async function contentsOf(file: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const archive = extract()
  const read = pipeline(createReadStream(file), createGunzip(), archive)
  for await (const entry of archive) found.set(entry.header.name, await text(entry))
  await read
  return found
}

const report: CheckReport = { lab: 'lab', step: 'one', status: 'passed', findings: [], at: 2, duration: 1 }

describe('a backup', () => {
  it('of a server that runs is put back elsewhere, with worlds, homes and people, from SQLite into PostgreSQL', async () => {
    const data = join(folder, 'running')
    const database = await openDatabase(join(data, 'drydock.db'))
    const person = await new People(database).add(
      { name: 'Lea', role: 'learner', email: 'lea@example.com' },
      1,
    )
    await new DatabaseProgress(database).record(person.id, report)
    const home = join(data, 'workspaces', person.id, 'lab', 'home')
    await mkdir(home, { recursive: true })
    await writeFile(join(home, 'run.sh'), 'echo hello', { mode: 0o755 })
    await symlink('/etc/passwd', join(home, 'link'))
    const socket = createServer().listen(join(home, 'agent.sock'))
    const cloud = await Cloud.start({ directory: join(data, 'cloud') })
    const { world } = await cloud.worlds.create({ id: 'w', provisioning: 'instant' })
    world.store.put('mine', { kept: true })
    await cloud.worlds.save('w', 'step-one')
    const file = join(folder, 'running.tar.gz')
    await backUp({ data, database: join(data, 'drydock.db') }, file)
    // What comes after is not in it.
    world.store.put('mine', { kept: false })
    await cloud.close()
    socket.close()
    await database.destroy()

    const place = { data: join(folder, 'elsewhere'), database: await postgres.database() }
    await restore(place, file)
    const restored = await openDatabase(place.database)
    expect(await new People(restored).findByEmail('lea@example.com')).toMatchObject({ person })
    expect(await new DatabaseProgress(restored).read(person.id, 'lab')).toMatchObject({
      one: { passedAt: 2 },
    })
    await restored.destroy()
    const there = join(place.data, 'workspaces', person.id, 'lab', 'home')
    expect(await readFile(join(there, 'run.sh'), 'utf8')).toBe('echo hello')
    expect(await readlink(join(there, 'link'))).toBe('/etc/passwd')
    const again = await Cloud.start({ directory: join(place.data, 'cloud') })
    const found = await again.worlds.find('w')
    expect(found?.world.store.get('mine')?.value).toEqual({ kept: true })
    expect(await found?.files.saves.names()).toContain('step-one')
    await again.close()
    await expect(restore(place, file)).rejects.toThrow(/is not empty/)
    await expect(restore({ ...place, data: join(folder, 'other') }, file)).rejects.toThrow(/not empty/)
  })

  it('brings nothing from outside while a learner exchanges files and folders for links', async () => {
    const data = join(folder, 'attacked')
    const home = join(data, 'workspaces/person/lab/home')
    await mkdir(home, { recursive: true })
    await mkdir(join(folder, 'secrets'))
    await writeFile(join(folder, 'secrets/x'), 'secret')
    await writeFile(join(home, 'lost'), 'x'.repeat(200_000))
    execFileSync('mkfifo', [join(home, 'pipe')])
    const attack = await exchangeForLinks(home, join(folder, 'secrets'))
    try {
      for (let round = 0; round < 30; round++) {
        const file = join(folder, 'attacked.tar.gz')
        await backUp({ data, database: ':memory:' }, file)
        const found = await contentsOf(file)
        expect(found.get('workspaces/person/lab/home/lost')).toHaveLength(200_000)
        expect(found.has('workspaces/person/lab/home/pipe')).toBe(false)
        expect([...found.values()]).not.toContain('secret')
      }
    } finally {
      await attack.end()
    }
  })

  it.each(['../outside', '/etc/outside', 'cloud/../../outside', 'elsewhere/file', 'cloud//x'])(
    'that would write to %s is refused',
    async (name) => {
      const file = join(folder, 'evil.tar.gz')
      const archive = pack()
      archive.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, madeAt: '', migrations: [] }))
      archive.entry({ name }, 'evil')
      archive.finalize()
      await pipeline(archive, createGzip(), createWriteStream(file))
      const data = await mkdtemp(join(folder, 'evil-'))
      await expect(restore({ data, database: ':memory:' }, file)).rejects.toThrow(/no place in a data folder/)
    },
  )

  it('whose link leads out is not written through', async () => {
    const file = join(folder, 'link.tar.gz')
    const archive = pack()
    archive.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, madeAt: '', migrations: [] }))
    archive.entry({ name: 'workspaces/out', type: 'symlink', linkname: folder })
    archive.entry({ name: 'workspaces/out/written' }, 'evil')
    archive.finalize()
    await pipeline(archive, createGzip(), createWriteStream(file))
    const data = await mkdtemp(join(folder, 'link-'))
    await expect(restore({ data, database: ':memory:' }, file)).rejects.toThrow(/EEXIST/)
    await expect(readFile(join(folder, 'written'))).rejects.toThrow(/ENOENT/)
  })

  it('of a newer version, or none at all, is refused', async () => {
    const file = join(folder, 'newer.tar.gz')
    const archive = pack()
    archive.entry({ name: 'manifest.json' }, JSON.stringify({ format: 1, migrations: ['9999-later'] }))
    archive.finalize()
    await pipeline(archive, createGzip(), createWriteStream(file))
    const data = await mkdtemp(join(folder, 'newer-'))
    await expect(restore({ data, database: ':memory:' }, file)).rejects.toThrow(/newer version/)
    await writeFile(file, 'no archive')
    await expect(restore({ data, database: ':memory:' }, file)).rejects.toThrow(/not a backup/)
  })
})
