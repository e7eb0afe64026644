import type { Socket } from 'node:net'
import { hostTime } from '#world/clock.ts'
import { dial, type Errand } from './inner-door.ts'

/** A process of worlds, as the gate knows it. */
export interface Member {
  readonly socketPath: string
  up: boolean
  /** The share of its time in which its event loop had something to do, lately. */
  busy: number
}

/** Busier than this, a process gets a world only if all are. */
const TOO_BUSY = 0.8
/** How long a client waits for a process that takes it, and how often that is tried (host ms). */
const PATIENCE_MS = 30_000
const RETRY_MS = 10

/**
 * Which process has which world. A world is granted to one when it is needed, to the one with the fewest; the process gives the grant
 * back once the world sleeps and nobody is connected, and until then nobody else gets it: two must never write one journal.
 */
export class Placement {
  readonly #members: readonly Member[]
  readonly #grants = new Map<string, { member: Member; number: number }>()
  #last = 0

  constructor(members: readonly Member[]) {
    this.#members = members
  }

  /** A connection to a server of the process that has a world; of any process when no world is named. Throws when none takes it. */
  async connect(door: Errand['door'], world?: string): Promise<Socket> {
    const deadline = hostTime.now() + PATIENCE_MS
    for (;;) {
      const socket = await this.#try(door, world)
      if (socket) return socket
      // It has just given the world back, or died: the news of that is on its way.
      if (hostTime.now() > deadline) throw new Error('no process of the cloud answers')
      await new Promise<void>((resolve) => hostTime.setTimer(RETRY_MS, resolve))
    }
  }

  /** A process has given a grant back. */
  released(world: string, number: number): void {
    if (this.#grants.get(world)?.number === number) this.#grants.delete(world)
  }

  /** A process has died: others may have its worlds. */
  lost(member: Member): void {
    for (const [world, grant] of this.#grants) if (grant.member === member) this.#grants.delete(world)
  }

  async #try(door: Errand['door'], world: string | undefined): Promise<Socket | undefined> {
    if (world === undefined) {
      const member = this.#leastLoaded()
      return member && dial(member.socketPath, { door })
    }
    let grant = this.#grants.get(world)
    if (!grant) {
      const member = this.#leastLoaded()
      if (!member) return undefined
      grant = { member, number: ++this.#last }
      this.#grants.set(world, grant)
    }
    return dial(grant.member.socketPath, { door, world, grant: grant.number })
  }

  #leastLoaded(): Member | undefined {
    const worlds = new Map(this.#members.map((member) => [member, 0]))
    for (const { member } of this.#grants.values()) worlds.set(member, worlds.get(member)! + 1)
    return this.#members
      .filter(({ up }) => up)
      .toSorted(
        (a, b) => Number(a.busy > TOO_BUSY) - Number(b.busy > TOO_BUSY) || worlds.get(a)! - worlds.get(b)!,
      )[0]
  }
}
