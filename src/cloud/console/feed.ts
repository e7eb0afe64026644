import { type HostTime, hostTime, type Timer } from '#world/clock.ts'
import type { Store } from '#world/store.ts'
import type { ConsoleEvent, ConsoleResource, ConsoleType } from '../api.ts'
import { CATALOGUE } from './catalogue/index.ts'
import { listCommand, type PlacedType, placed, type Read, readType } from './inventory.ts'

export interface FeedOptions {
  store: Store
  accountId: string
  region: string
  /** The accounts and regions to choose from. */
  accounts: { accountId: string; name?: string }[]
  regions: readonly string[]
  read: Read
  time?: HostTime
}

/** Changes are gathered for so long before the services are asked again (ms). */
const QUIET_MS = 150
/** Reading takes at most this share of the time. */
const SHARE = 0.1

const SERVICES = CATALOGUE.map((service) => ({
  id: service.id,
  title: service.title,
  types: placed(service),
}))
/** Parents stand before their children. */
const TYPES = SERVICES.flatMap(({ types }) => types)

/**
 * Tells one follower what there is in an account and what changes, by the services' own read operations: what it shows is what the
 * CLI shows. A change in a service's part of the store leads to another look at that service.
 */
export class ConsoleFeed {
  readonly #options: FeedOptions
  readonly #time: HostTime
  readonly #listener: (event: ConsoleEvent) => void
  readonly #watch: { close(): void }
  /** By type: what was told of each resource, and the resources for their children. */
  readonly #told = new Map<string, Map<string, string>>()
  readonly #resources = new Map<string, ConsoleResource[]>()
  /** Store folders that have changed since they were looked at. */
  #changed = new Set<string>()
  #timer: Timer | undefined
  #looking = false
  #closed = false

  constructor(options: FeedOptions, listener: (event: ConsoleEvent) => void) {
    this.#options = options
    this.#time = options.time ?? hostTime
    this.#listener = listener
    this.#watch = options.store.watch('', ({ key }) => this.#noteChange(key))
    const { accountId, region, accounts, regions } = options
    listener({
      type: 'catalogue',
      accountId,
      region,
      accounts: accounts.map(({ accountId: id, name }) => ({ accountId: id, name })),
      regions: regions.map((name) => ({ name, used: options.store.count(`aws/${accountId}/${name}/`) > 0 })),
      services: SERVICES.map(({ id, title, types }) => ({ id, title, types: types.map(described) })),
    })
    void this.#look(TYPES)
  }

  close(): void {
    this.#closed = true
    this.#watch.close()
    this.#timer?.cancel()
  }

  #noteChange(key: string): void {
    const [first, , , service] = key.split('/', 4)
    const folder = first === 'aws' ? service : first
    if (folder === undefined || this.#changed.has(folder) || !FOLLOWED.has(folder)) return
    this.#changed.add(folder)
    this.#lookLater(QUIET_MS)
  }

  #lookLater(ms: number): void {
    if (this.#looking || this.#timer || this.#closed) return
    this.#timer = this.#time.setTimer(ms, () => {
      this.#timer = undefined
      const changed = this.#changed
      this.#changed = new Set()
      void this.#look(TYPES.filter((type) => folders(type).some((folder) => changed.has(folder))))
    })
  }

  async #look(types: PlacedType[]): Promise<void> {
    this.#looking = true
    const start = this.#time.now()
    for (const type of types) {
      if (this.#closed) return
      const parents = type.parent === undefined ? undefined : (this.#resources.get(type.parent) ?? [])
      const { resources, more } = this.#unused(type)
        ? { resources: [], more: false }
        : await readType(type, parents, this.#options.read)
      if (!this.#closed) this.#tell(type, resources, more)
    }
    this.#looking = false
    if (this.#changed.size > 0) this.#lookLater(Math.max(QUIET_MS, (this.#time.now() - start) / SHARE))
  }

  /** A service that nobody has used keeps nothing; it need not be loaded to say so. */
  #unused({ api }: PlacedType): boolean {
    const { store, accountId, region } = this.#options
    const kept = [`aws/${accountId}/${region}/${api}/`, `aws/${accountId}/global/${api}/`, `${api}/`]
    return kept.every((folder) => store.count(folder) === 0)
  }

  #tell(type: PlacedType, resources: ConsoleResource[], more: boolean): void {
    const before = this.#told.get(type.fullId)
    const now = new Map(resources.map((resource) => [resource.id, JSON.stringify(resource)]))
    const put = resources.filter(({ id }) => before?.get(id) !== now.get(id))
    const removed = [...(before?.keys() ?? [])].filter((id) => !now.has(id))
    this.#told.set(type.fullId, now)
    this.#resources.set(type.fullId, resources)
    if (before && put.length === 0 && removed.length === 0) return
    this.#listener({ type: 'resources', of: type.fullId, put, removed, more, command: listCommand(type) })
  }
}

function folders({ api, follows = [] }: PlacedType): string[] {
  return [api, ...follows]
}

const FOLLOWED = new Set(TYPES.flatMap(folders))

/** What the page needs to know of a type. */
function described({
  fullId,
  title,
  one,
  parent,
  columns,
  identities = [],
  names = {},
  tells,
}: PlacedType): ConsoleType {
  return { id: fullId, title, one, parent, columns, identities, names, tells }
}
