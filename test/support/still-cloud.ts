import type {
  CloudClient,
  CloudStatus,
  ConsoleEvent,
  CreateWorldOptions,
  Door,
  Journey,
  Part,
  PartDetails,
  PictureChange,
  ProcessInfo,
  StillPicture,
  TimelineCall,
  WorldChange,
  WorldEvent,
  WorldInfo,
  WorldSummary,
} from '../../src/cloud/api.ts'

/** A cloud in which nothing happens unless a test says so: for tests of what stands around the cloud. */
export class StillCloud implements CloudClient {
  readonly #worlds = new Map<string, WorldInfo>()
  readonly #watchers = new Set<(events: WorldEvent[]) => void>()
  readonly #status = new Set<(status: CloudStatus) => void>()

  /** What later worlds have beside what all have. */
  extra: Partial<WorldInfo> = {}

  async createWorld({ id = 'world' }: CreateWorldOptions = {}): Promise<WorldInfo> {
    const known = this.#worlds.get(id)
    if (known) return known
    const world: WorldInfo = {
      id,
      accountId: '111122223333',
      region: 'us-east-1',
      proxyUrl: `http://${id}:secret@127.0.0.1:9`,
      caFile: '/nonexistent/ca.pem',
      dockerHost: 'unix:///nonexistent/docker.sock',
      administrator: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
      accounts: [],
      dockerHub: { username: 'learner', password: 'example' },
      clock: { now: 0, speed: 1 },
      provisioning: 40,
      revision: 1,
      ...this.extra,
    }
    this.#worlds.set(id, world)
    this.#tellAwake()
    return world
  }

  async world(id: string): Promise<WorldInfo | undefined> {
    return this.#worlds.get(id)
  }

  async worlds(): Promise<WorldSummary[]> {
    return [...this.#worlds.keys()].map((id) => ({ id, awake: true }))
  }

  async processes(): Promise<ProcessInfo[]> {
    const awake = this.#worlds.size
    return [{ number: 0, pid: 1, awake, residentBytes: 1e8, cpuSeconds: 2, loopDelaySeconds: 0.01 }]
  }

  readonly #awakeFollowers = new Set<(awake: string[]) => void>()

  followAwake(listener: (awake: string[]) => void) {
    this.#awakeFollowers.add(listener)
    listener([...this.#worlds.keys()])
    return { close: () => this.#awakeFollowers.delete(listener) }
  }

  #tellAwake(): void {
    for (const follower of this.#awakeFollowers) follower([...this.#worlds.keys()])
  }

  async costs() {
    return {
      now: 0,
      perHour: 0,
      perHourBy: {},
      soFar: 0,
      resources: [],
      ended: [],
      prices: { region: 'us-east-1', date: '2026-11-28' },
    }
  }

  async deleteWorld(id: string): Promise<void> {
    this.#worlds.delete(id)
    this.#tellAwake()
  }

  /** Lets everybody who watches see a change. */
  change(key: string): void {
    for (const watcher of this.#watchers) watcher([{ type: 'put', key, revision: 2 }])
  }

  /** Tells that the process went away or came back. */
  tell(status: CloudStatus): void {
    for (const listener of this.#status) listener(status)
  }

  onStatus(listener: (status: CloudStatus) => void) {
    this.#status.add(listener)
    return { close: () => this.#status.delete(listener) }
  }

  watch(_id: string, _options: object, listener: (events: WorldEvent[]) => void) {
    this.#watchers.add(listener)
    return { close: () => this.#watchers.delete(listener) }
  }

  /** What the picture shows: all of it to whoever follows from now on. */
  readonly parts = new Map<string, Part>()
  readonly #followers = new Set<(change: PictureChange) => void>()

  /** Changes the picture. */
  draw(put: Part[], gone: string[] = []): void {
    for (const part of put) this.parts.set(part.id, part)
    for (const id of gone) this.parts.delete(id)
    for (const follower of this.#followers) follower({ put, gone })
  }

  /** Lets requests come by. */
  travel(journeys: Journey[]): void {
    for (const follower of this.#followers) follower({ put: [], gone: [], journeys })
  }

  picture(_id: string, listener: (change: PictureChange) => void) {
    this.#followers.add(listener)
    listener({ whole: true, put: [...this.parts.values()], gone: [] })
    return { close: () => this.#followers.delete(listener) }
  }

  async part(_id: string, id: string): Promise<PartDetails | undefined> {
    const part = this.parts.get(id)
    return (
      part && {
        part,
        command: `kubectl describe ${part.kind} ${part.name}`,
        text: 'kind: Pod',
        language: 'yaml',
        events: [],
      }
    )
  }

  followConsole(_id: string, _place: object, listener: (event: ConsoleEvent) => void) {
    const accountId = '111122223333'
    listener({
      type: 'catalogue',
      accountId,
      region: 'us-east-1',
      accounts: [{ accountId }],
      regions: [{ name: 'us-east-1', used: true }],
      services: [],
    })
    return { ended: new Promise<void>(() => {}), close() {} }
  }

  /** What clusters serve, by `apiVersion`. */
  readonly served = new Map<string, Record<string, object>>()

  async schemas(_id: string, apiVersion: string): Promise<Record<string, object> | undefined> {
    return this.served.get(apiVersion)
  }

  readonly #saves = new Map<string, StillPicture>()
  async save(_id: string, name: string): Promise<void> {
    this.#saves.set(name, { revision: this.calls.length - 1, parts: [...this.parts.values()], perHour: {} })
  }
  async restore(_id: string, name: string): Promise<void> {
    this.parts.clear()
    for (const part of this.#saves.get(name)?.parts ?? []) this.parts.set(part.id, part)
  }
  async savePoints(): Promise<string[]> {
    return [...this.#saves.keys()]
  }
  async pictureAt(_id: string, save: string): Promise<StillPicture | undefined> {
    return this.#saves.get(save)
  }
  /** What was changed, deleted or broken since any save point. */
  harmed: WorldChange[] = []
  async changes(): Promise<WorldChange[]> {
    return this.harmed
  }
  /** What was, by the number of a call. */
  readonly past = new Map<number, Part[]>()
  async pictureThen(_id: string, revision: number): Promise<StillPicture | undefined> {
    const parts = this.past.get(revision)
    return parts && { revision, parts, perHour: {} }
  }
  async untilReady(): Promise<void> {}
  readonly calls: TimelineCall[] = []
  /** What the world is said to have for browsers. */
  doorList: Door[] = []

  async doors(): Promise<Door[]> {
    return this.doorList
  }

  async timeline(): Promise<TimelineCall[]> {
    return this.calls.toReversed()
  }
  async setSpeed(id: string, speed: number): Promise<void> {
    const world = this.#worlds.get(id)
    if (world) this.#worlds.set(id, { ...world, clock: { ...world.clock, speed } })
  }
  async advance(): Promise<void> {}
  close(): void {}
}
