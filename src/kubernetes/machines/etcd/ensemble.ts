import { createHash } from 'node:crypto'
import type { World } from '#world/world.ts'

/** A member of an etcd cluster, as all of its members know it. */
export interface Member {
  /** 16 hex digits. */
  id: string
  /** Empty until it has started for the first time. */
  name: string
  peerUrls: string[]
  clientUrls: string[]
  learner?: boolean
  /** The machine whose disk has its data; undefined before it has started. */
  machine?: string
  /** That machine is gone for good. */
  lost?: true
}

/** What the members of an etcd cluster have agreed on. */
interface EnsembleRecord {
  /** Names the data that they have now: a restored one is another. */
  data: string
  members: Member[]
  /** raft's term: how often a leader was elected. */
  term: number
  leader?: string
  /** What was before this revision has been given up. */
  compacted?: number
}

/** A member that runs, and where its clients reach it. */
interface Running {
  id: string
  /** `address:port` */
  addresses: string[]
}

/** How long members wait for a leader's heartbeat before they elect another, ms (`--election-timeout`). */
const ELECTION_MS = 1_000

/** A member's id follows from its addresses. Models server/etcdserver/api/membership (computeMemberId). */
export const memberId = (peerUrls: readonly string[]): string =>
  createHash('sha1')
    .update([...peerUrls].sort().join(''))
    .update('etcd-cluster')
    .digest('hex')
    .slice(0, 16)

const PREFIX = 'etcd/'
const keyOf = (id: string): string => `${PREFIX}${id}`

/** The ids of the etcd clusters of a world. */
export const ensembleIds = ({ store }: World): string[] =>
  store.list(PREFIX).entries.map(({ key }) => key.slice(PREFIX.length))

/**
 * The members of one etcd cluster: who belongs to it, who runs, who leads. Its data is the world's store, the same for all of them; what
 * is told here is whether they can agree on a read or a write: only while more than half of the voting members run.
 */
export class Ensemble {
  readonly id: string
  readonly #world: World
  readonly #changed: () => void
  readonly #running = new Map<string, Running>()
  #leader: string | undefined
  #election: { cancel(): void } | undefined

  constructor(world: World, id: string, changed: () => void) {
    this.#world = world
    this.id = id
    this.#changed = changed
  }

  get members(): readonly Member[] {
    return this.#record.members
  }

  get data(): string {
    return this.#record.data
  }

  get term(): number {
    return this.#record.term
  }

  get compacted(): number {
    return this.#record.compacted ?? 0
  }

  compact(revision: number): void {
    this.#write({ compacted: revision })
  }

  /** The member that leads; undefined while there is no quorum, or nobody was elected yet. */
  get leader(): string | undefined {
    return this.#leader
  }

  /** More than half of the voting members run. */
  get hasQuorum(): boolean {
    const voting = this.members.filter(({ learner }) => !learner)
    return voting.filter(({ id }) => this.#running.has(id)).length > voting.length / 2
  }

  runs(member: string): boolean {
    return this.#running.has(member)
  }

  member(id: string): Member | undefined {
    return this.members.find((member) => member.id === id)
  }

  memberAt(peerUrl: string): Member | undefined {
    return this.members.find(({ peerUrls }) => peerUrls.includes(peerUrl))
  }

  /** Adds a member that is yet to start. Throws an Error when another has its address. */
  add(peerUrls: string[], learner = false): Member {
    if (peerUrls.some((url) => this.memberAt(url))) throw new Error('etcdserver: Peer URLs already exists')
    if (learner && this.members.some((member) => member.learner))
      throw new Error('etcdserver: too many learner members in cluster')
    const member: Member = {
      id: memberId(peerUrls),
      name: '',
      peerUrls,
      clientUrls: [],
      ...(learner && { learner }),
    }
    this.#write({ members: [...this.members, member] })
    this.#elect()
    return member
  }

  /** The members go on with other data, in which they are others too. */
  adopt(data: string, members: Member[]): void {
    this.#write({ data, members })
    this.#elect()
  }

  /** Whether no disk is left that has the data. */
  get lost(): boolean {
    return this.members.every(({ machine, lost }) => lost || machine === undefined)
  }

  change(id: string, part: Partial<Omit<Member, 'id'>>): void {
    this.#write({
      members: this.members.map((member) => (member.id === id ? { ...member, ...part } : member)),
    })
    this.#elect()
  }

  remove(id: string): void {
    this.#write({ members: this.members.filter((member) => member.id !== id) })
    this.#running.delete(id)
    this.#elect()
  }

  /** A member runs until it is closed. */
  up(id: string, addresses: string[]): { close(): void } {
    this.#running.set(id, { id, addresses })
    this.#elect()
    return {
      close: () => {
        this.#running.delete(id)
        this.#elect()
      },
    }
  }

  /** The member that listens for clients at `address:port`. */
  at(address: string): string | undefined {
    for (const { id, addresses } of this.#running.values()) if (addresses.includes(address)) return id
    return undefined
  }

  /** Keeps who leads while it can; else another leads after the election's time-out. */
  #elect(): void {
    const { members } = this
    const candidates = members.filter(({ id, learner }) => !learner && this.#running.has(id))
    const quorum = this.hasQuorum
    if (!quorum || !candidates.some(({ id }) => id === this.#leader)) this.#leader = undefined
    if (this.#leader === undefined && quorum) {
      const [first] = candidates
      // A lone member need not wait for others.
      if (members.length === 1 && first) this.#lead(first.id)
      else this.#election ??= this.#world.clock.setTimer(ELECTION_MS, () => this.#vote())
    }
    this.#changed()
  }

  #vote(): void {
    this.#election = undefined
    const candidates = this.members.filter(({ id, learner }) => !learner && this.#running.has(id))
    const [first] = candidates
    if (!first || this.#leader !== undefined || !this.hasQuorum) return
    this.#lead(first.id)
    this.#changed()
  }

  #lead(id: string): void {
    this.#leader = id
    this.#write({ leader: id, term: this.term + 1 })
  }

  get #record(): EnsembleRecord {
    return (
      this.#world.store.get<EnsembleRecord>(keyOf(this.id))?.value ?? { data: this.id, members: [], term: 1 }
    )
  }

  #write(part: Partial<EnsembleRecord>): void {
    this.#world.store.put<EnsembleRecord>(keyOf(this.id), { ...this.#record, ...part })
  }

  /** Forgets all that was agreed on. */
  forget(): void {
    this.#election?.cancel()
    this.#world.store.delete(keyOf(this.id))
  }
}
