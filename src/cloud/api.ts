import type { ProvisioningSpeed } from '#world/provisioning.ts'
import type { WorldChange } from './changes.ts'
import type { CostReport } from './costs/report.ts'
import type { Door } from './doors.ts'
import type { PartDetails, PictureChange, StillPicture } from './picture/part.ts'
import type { TimelineCall } from './timeline.ts'

export type { WorldChange } from './changes.ts'
export type { CostedResource, CostReport } from './costs/report.ts'
export type { Door } from './doors.ts'
export type {
  Journey,
  Part,
  PartDetails,
  PartEvent,
  PartKind,
  PartState,
  PictureChange,
  StillPicture,
} from './picture/part.ts'
export type { TimelineCall } from './timeline.ts'

/** A world as its users need to know it. */
export interface WorldInfo {
  id: string
  accountId: string
  region: string
  /** `http://<world>:<secret>@127.0.0.1:<port>`: the lab network's door. */
  proxyUrl: string
  /** PEM file with the lab's CA (and nothing else). */
  caFile: string
  /** `unix:///…/docker.sock` */
  dockerHost: string
  /** Keys of the account's administrator. */
  administrator: { accessKeyId: string; secretAccessKey: string }
  /** Further accounts of the world: name, id, keys of the administrator. A home has a profile of each. */
  accounts: AccountInfo[]
  /** The world's account on Docker Hub, of the Personal plan. */
  dockerHub: { username: string; password: string }
  clock: { now: number; speed: number }
  provisioning: ProvisioningSpeed
  revision: number
}

/** A world that there is; one that sleeps is on disk alone, until somebody needs it. */
export interface WorldSummary {
  id: string
  awake: boolean
}

/** A process in which worlds live. */
export interface ProcessInfo {
  /** From 0; a process that is started anew keeps it. */
  number: number
  pid: number
  /** Worlds that are awake in it. */
  awake: number
  /** Memory, bytes. */
  residentBytes: number
  /** Time of a processor since its start, s. */
  cpuSeconds: number
  /** How late its event loop was at most, at 99 of 100 moments since somebody last asked, s. */
  loopDelaySeconds: number
}

/** An AWS account beside a world's first one. */
export interface AccountInfo {
  /** `partner`: the CLI's profile for it. */
  name: string
  accountId: string
  administrator: { accessKeyId: string; secretAccessKey: string }
}

export interface CreateWorldOptions {
  /** `[a-z0-9-]{1,63}`; made up when left out. Creating a world that exists gives that one. */
  id?: string
  accountId?: string
  region?: string
  /** Names of further AWS accounts: `[a-z][a-z0-9-]*`. In them is everything but what runs: clusters, tasks, load balancers. */
  accounts?: string[]
  seed?: string
  provisioning?: ProvisioningSpeed
  speed?: number
  /** Absolute path of the learner's home: the folder of this machine that containers of the world's Docker Engine may mount from. Kept with the world; default none. */
  home?: string
  /**
   * A save point of another world to start from: same account, keys and state, but a name, a secret and a home of its own.
   * `accountId`, `region` and accounts are then those of that world; further `accounts` come new.
   */
  from?: { world: string; save: string }
}

/** A change in a world's store, as the pages and the check engine follow it. */
export interface WorldEvent {
  /** `reset`: history was lost (a restored save point, a compacted journal); look at everything again. `key` is then empty. */
  type: 'put' | 'delete' | 'reset'
  key: string
  revision: number
  value?: unknown
}

export interface WatchOptions {
  /** Store prefixes; all when left out. */
  prefixes?: string[]
  fromRevision?: number
  /** Whether events carry values. Default false: keys only. */
  values?: boolean
}

/** The cloud process as the server, the CLI and tests use it. Survives a restart of the process by reconnecting. */
export interface CloudClient {
  createWorld(options?: CreateWorldOptions): Promise<WorldInfo>
  world(id: string): Promise<WorldInfo | undefined>
  worlds(): Promise<WorldSummary[]>
  /** The processes in which worlds live, those that are up. */
  processes(): Promise<ProcessInfo[]>
  /** Follows the ids of the worlds that are awake until closed, through restarts of the process. */
  followAwake(listener: (awake: string[]) => void): { close(): void }
  deleteWorld(id: string): Promise<void>
  /** Keeps the present state under a name, replacing an older one of that name. */
  save(id: string, name: string): Promise<void>
  /** Puts a kept state back. Fails when there is none. */
  restore(id: string, name: string): Promise<void>
  savePoints(id: string): Promise<string[]>
  /** What the world's resources would cost on AWS, an hour and so far. */
  costs(id: string): Promise<CostReport>
  setSpeed(id: string, speed: number): Promise<void>
  /** Moves the world's clock until nothing is on its way any more, at most so far (virtual ms). */
  untilReady(id: string, limitMs: number): Promise<void>
  /** Moves the world's clock, letting controllers act on the way. */
  advance(id: string, ms: number): Promise<void>
  /** Follows a world's changes until closed, through restarts of the process. */
  watch(id: string, options: WatchOptions, listener: (events: WorldEvent[]) => void): { close(): void }
  /** Follows the live picture of a world until closed: all of it first and after each break, then what changes. */
  picture(id: string, listener: (change: PictureChange) => void): { close(): void }
  /** The picture of a save point; undefined when there is none. */
  pictureAt(id: string, save: string): Promise<StillPicture | undefined>
  /** What of a save point’s state was changed, deleted or broken since; undefined when there is none. */
  changes(id: string, save: string): Promise<WorldChange[] | undefined>
  /** The picture of the moment just after a call (by its number); undefined when so much of the past is not kept. */
  pictureThen(id: string, revision: number): Promise<StillPicture | undefined>
  /** The calls that changed something, newest first. */
  timeline(id: string): Promise<TimelineCall[]>
  /** What in a world answers browsers. */
  doors(id: string): Promise<Door[]>
  /** A part of the picture in full, while somebody follows the picture. */
  part(id: string, part: string): Promise<PartDetails | undefined>
  /** Follows a world's resources as its console shows them, until closed; begins anew with a catalogue after a restart of the process. `ended` resolves when nothing more will come: the world is gone. */
  followConsole(
    id: string,
    place: ConsolePlace,
    listener: (event: ConsoleEvent) => void,
  ): { ended: Promise<void>; close(): void }
  /** The OpenAPI schemas of an `apiVersion` by name, as a cluster of the world serves them; undefined when none does. */
  schemas(id: string, apiVersion: string): Promise<Record<string, object> | undefined>
  close(): void
}

/** A cloud process that this process started and restarts when it dies. */
export interface OwnedCloud extends CloudClient {
  /** Process id of the running process. */
  readonly pid: number | undefined
  /** Follows whether the process answers. */
  onStatus(listener: (status: CloudStatus) => void): { close(): void }
  /** Ends the process and waits for that. */
  stop(): Promise<void>
}

export type CloudStatus = 'up' | 'restarting'

/** A column of a table of the console. */
export interface ConsoleColumn {
  label: string
  /** Members joined by dots; it goes through lists. */
  path: string
}

/** A type of resources as the console shows it. */
export interface ConsoleType {
  /** `ec2/instances` */
  id: string
  title: string
  one: string
  /** The type whose resources it belongs to. */
  parent?: string
  columns: ConsoleColumn[]
  /** Paths of ids and ARNs by which others name its resources. */
  identities: string[]
  /** Paths of plain names in them → the type that has that name. */
  names: Record<string, string>
  /** For histories: the path of the names of what they tell of. */
  tells?: string
}

/** A resource as the service's own API describes it, with dates as ISO texts. */
export interface ConsoleResource {
  /** Its key, after its parent's and a `/`; each part percent-encoded. */
  id: string
  name: string
  attributes: Record<string, unknown>
  /** The CLI command that shows it. */
  command: string
}

/** Where a console looks; what is missing, or not of the world, is its first account and that one's region. */
export interface ConsolePlace {
  accountId?: string
  region?: string
}

/** What a follower of a world's console is told; the first event is the catalogue, and everything begins anew with it. */
export type ConsoleEvent =
  | {
      type: 'catalogue'
      accountId: string
      region: string
      /** Where else it can look: the world's accounts, and all regions. `used`: the account has something there. */
      accounts: { accountId: string; name?: string }[]
      regions: { name: string; used: boolean }[]
      services: { id: string; title: string; types: ConsoleType[] }[]
    }
  /** Changes of one type's resources. `command` lists them; `more`: there are more than are shown. */
  | {
      type: 'resources'
      of: string
      put: ConsoleResource[]
      removed: string[]
      more: boolean
      command: string
    }
