import { createHash } from 'node:crypto'
import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { World } from '#world/world.ts'
import { EtcdData, readSnapshot } from './data.ts'
import type { Ensemble, Member } from './ensemble.ts'

/** Where the simulated database keeps the ids by which the world's store has the data: who moves or deletes the file moves or deletes the data. */
const DATABASE = 'member/snap/db'
const HEAD = /^drydock etcd ([0-9a-f]{32})(?: ([0-9a-f]{16}) ([0-9a-f]+)(?: (\S+))?)?\n/
const MAX_HEAD = 1000

/** What stands in a data folder. */
interface Database {
  cluster: string
  /** Undefined in folders of earlier releases. */
  member: string | undefined
  data: string
  /** `--initial-cluster` of a restored one: who begins with it. */
  initialCluster?: string
  /** The snapshot that it was restored from, until it has been started. */
  snapshot?: Uint8Array
}

/** Reads a data folder; undefined when there is no database in it. */
export async function readDatabase(files: ContainerFs, folder: string): Promise<Database | undefined> {
  const bytes = await files.read(`${folder}/${DATABASE}`).catch(() => undefined)
  if (!bytes) return undefined
  const [head, cluster, member, data, initialCluster] =
    HEAD.exec(Buffer.from(bytes.subarray(0, MAX_HEAD)).toString('latin1')) ?? []
  if (!head || !cluster) return undefined
  const snapshot = bytes.subarray(head.length)
  return {
    cluster,
    member,
    data: data ?? cluster,
    ...(initialCluster && { initialCluster }),
    ...(snapshot.length > 0 && { snapshot }),
  }
}

export function writeDatabase(files: ContainerFs, folder: string, database: Database): void {
  const { cluster, member, data, initialCluster, snapshot = new Uint8Array() } = database
  for (const part of ['snap', 'wal'])
    files.makeFolder(`${folder}/member/${part}`, { recursive: true, mode: 0o700 })
  const head = Buffer.from(
    `drydock etcd ${[cluster, member, data, ...(initialCluster ? [initialCluster] : [])].join(' ')}\n`,
  )
  files.writeSync(`${folder}/${DATABASE}`, Buffer.concat([head, snapshot]), 0o600)
}

/**
 * Writes a data folder that goes on from a snapshot: `member` is whose it is.
 * Members that are restored alike have the same data. Throws an Error when the bytes are no snapshot.
 */
export async function restoreDatabase(
  world: World,
  files: ContainerFs,
  folder: string,
  options: { snapshot: Uint8Array; member: string; initialCluster: string },
): Promise<{ revision: number }> {
  const { snapshot, member, initialCluster } = options
  const { cluster, revision } = await readSnapshot(snapshot)
  const shared = initialCluster.includes(',')
  const data = shared
    ? createHash('sha256').update(snapshot).update(initialCluster).digest('hex').slice(0, 32)
    : world.ids.hex(32)
  writeDatabase(files, folder, { cluster, member, data, initialCluster, snapshot })
  return { revision }
}

/** Data that no member has open now, and who its members were. */
interface Parked {
  objects: [string, unknown][]
  keys: [string, unknown][]
  members: Member[]
}

const parkedKey = (cluster: string, data: string): string => `etcd-parked/${cluster}/${data}`

/**
 * Makes the data of a folder the present one of its cluster; what was present until now is kept for whoever comes back to it.
 * `members` are those that start with it when it was restored.
 */
export async function openData(
  world: World,
  ensemble: Ensemble,
  { data, snapshot }: Database,
  members: Member[],
): Promise<void> {
  if (ensemble.data === data) return
  const present = new EtcdData(world, ensemble.id)
  const parked = world.store.get<Parked>(parkedKey(ensemble.id, data))?.value
  const wanted = parked ?? (snapshot && { ...(await readSnapshot(snapshot)), members })
  if (!wanted) return
  const key = parkedKey(ensemble.id, ensemble.data)
  world.store.put<Parked>(key, { ...present.contents(), members: [...ensemble.members] })
  present.replace(wanted)
  if (parked) world.store.delete(parkedKey(ensemble.id, data))
  ensemble.adopt(data, wanted.members)
}
