import { createServer } from 'node:http'
import { hostTime, type Timer } from '#world/clock.ts'
import { dockerSocket } from '../docker-doors.ts'
import { memberSocket } from '../runtime-directory.ts'
import { type CloudSettings, Serving } from '../serving.ts'
import { Grants } from './grants.ts'
import { InnerDoor } from './inner-door.ts'

/** What a process of worlds is told by its gate, beside what the cloud is. */
export interface MemberSettings extends CloudSettings {
  member: {
    /** From 0. */
    number: number
    /** The folder of the cloud's sockets. */
    sockets: string
    /** The lab network's port, which is the gate's. */
    proxyPort: number
  }
}

/** What a process of worlds tells its gate. */
export type MemberMessage =
  | { type: 'released'; world: string; grant: number }
  | { type: 'awake'; worlds: string[] }
  | { type: 'busy'; share: number }
  /** Blobs that it has removed, for the others. */
  | BlobsRemoved

export interface BlobsRemoved {
  type: 'removed'
  digests: string[]
}

/** How often the gate is told how busy the process is (host ms). */
const REPORT_MS = 5000

/** A process of worlds behind a gate. */
export class Member {
  readonly #serving: Serving
  readonly #grants: Grants
  #door!: InnerDoor
  #tell: (message: MemberMessage) => void = () => {}
  #reports: Timer | undefined

  private constructor(serving: Serving, grants: Grants) {
    this.#serving = serving
    this.#grants = grants
  }

  static async start(
    { member: { number, sockets, proxyPort }, ...settings }: MemberSettings,
    log: (message: string) => void,
  ): Promise<Member> {
    const grants = new Grants(
      (world) => serving.worlds.isOpen(world),
      (world, grant) => member.#tell({ type: 'released', world, grant }),
    )
    const serving = await Serving.open({
      ...settings,
      number,
      log,
      proxyPort: () => proxyPort,
      dockerSocket: (world) => dockerSocket(sockets, world),
      mayOpen: (world) => grants.has(world),
      elsewhere: number !== 0,
      onRemoved: (digests) => member.#tell({ type: 'removed', digests }),
    })
    const member = new Member(serving, grants)
    const admin = createServer({ requestTimeout: 0 }, serving.admin)
    member.#door = await InnerDoor.listen(memberSocket(sockets, number), ({ door, world, grant }, socket) => {
      if (world !== undefined && !grants.enter(world, grant ?? 0, socket)) return undefined
      if (door === 'admin') return () => admin.emit('connection', socket)
      if (door === 'proxy') return () => serving.proxy.accept(socket)
      if (world === undefined) return undefined
      return () => {
        serving.worlds.uses.connected(world, socket)
        serving.docker.accept(world, socket)
      }
    })
    return member
  }

  /** Tells the gate from now on what it needs to know. */
  report(tell: (message: MemberMessage) => void): void {
    this.#tell = tell
    this.#serving.worlds.followAwake((worlds) => {
      tell({ type: 'awake', worlds })
      this.#grants.review()
    })
    // What its start took says nothing.
    this.#serving.load.busy()
    this.#reportLater()
  }

  /** Another process has removed blobs. */
  removed({ digests }: BlobsRemoved): void {
    this.#serving.blobs.removed(digests)
  }

  #reportLater(): void {
    this.#reports = hostTime.setTimer(REPORT_MS, () => {
      this.#tell({ type: 'busy', share: this.#serving.load.busy() })
      this.#reportLater()
    })
  }

  async close(): Promise<void> {
    this.#reports?.cancel()
    await this.#door.close()
    await this.#serving.close()
  }
}
