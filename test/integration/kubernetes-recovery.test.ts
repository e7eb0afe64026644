import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { BlobStore } from '#containers/blobs/store.ts'
import { WorldFiles } from '#world/files.ts'
import { Ids } from '#world/ids.ts'
import { type CommitRecord, Store } from '#world/store.ts'
import { churn, rest } from '../support/churn/churn.ts'
import type { Told } from '../support/churn/durable-churn.ts'
import { soakedCluster } from '../support/churn/soaked-cluster.ts'

const CHURN = fileURLToPath(new URL('../support/churn/durable-churn.ts', import.meta.url))

let folder: string
let worldFolder: string
let blobFolder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-recovery-'))
  worldFolder = join(folder, 'world')
  blobFolder = join(folder, 'blobs')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Everything that a store holds, as text. */
function exported(store: Store): string {
  const { revision, entries } = store.snapshot()
  return [revision, ...Array.from(entries(), (entry) => JSON.stringify(entry))].join('\n')
}

it('goes on after a stop in the middle of churn with the same state, byte for byte', async () => {
  const blobs = await BlobStore.open(blobFolder)
  let before = ''
  for (let stop = 0; stop < 3; stop++) {
    const files = await WorldFiles.open(worldFolder, { snapshotBytes: 256 * 1024 })
    if (before) expect(exported(files.store)).toBe(before)
    const soak = await soakedCluster(blobs, `stop-${stop}`, files.store)
    await churn(soak, 25)
    soak.close()
    before = exported(files.store)
    await files.close()
  }
  const files = await WorldFiles.open(worldFolder)
  expect(exported(files.store)).toBe(before)
  const soak = await soakedCluster(blobs, 'last', files.store)
  expect(await rest(soak)).toEqual([])
  soak.close()
  await files.close()
})

it('comes back from kill -9 with every commit that was durable and no other, and to rest', async () => {
  const random = new Ids('kill -9')
  const mirror = new Store()
  for (let kill = 0; kill < 4; kill++) {
    const told = await churnUntilKilled(`kill-${kill}`, 5 + random.number(25))
    const files = await WorldFiles.open(worldFolder)
    const durable = Math.max(0, ...told.map((line) => ('durable' in line ? line.durable : 0)))
    expect(files.store.revision).toBeGreaterThanOrEqual(durable)
    for (const record of commitsIn(told)) {
      if (record.revision <= files.store.revision) mirror.replay(record)
    }
    expect(exported(files.store)).toBe(exported(mirror))
    await files.close()
  }
  const files = await WorldFiles.open(worldFolder)
  const soak = await soakedCluster(await BlobStore.open(blobFolder), 'last', files.store)
  expect(await rest(soak)).toEqual([])
  soak.close()
  await files.close()
})

/** Runs churn in a process of its own, and kills it when so many acts are durable; gives what it told. */
async function churnUntilKilled(seed: string, acts: number): Promise<Told[]> {
  const child = spawn(process.execPath, [CHURN, worldFolder, blobFolder, seed], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  const told: Told[] = []
  let left = acts
  for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
    // The last line may be half written.
    if (!line.endsWith('}')) continue
    const message = JSON.parse(line) as Told
    told.push(message)
    if ('durable' in message && --left === 0) child.kill('SIGKILL')
  }
  return told
}

/** The commits that were told, each with all of its writes. */
function commitsIn(told: Told[]): CommitRecord[] {
  const commits: CommitRecord[] = []
  for (const line of told) {
    if ('durable' in line) continue
    const { revision, key, value } = line
    if (commits.at(-1)?.revision !== revision) commits.push({ revision, writes: [] })
    commits.at(-1)!.writes.push({ key, value })
  }
  return commits
}
