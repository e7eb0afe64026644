import type { CheckReport } from '#checks/finding.ts'
import type { Database } from '#database/database.ts'
import { AuditLog } from './audit.ts'
import { Board, boardCell } from './board.ts'
import { type Broadcast, Broadcasts } from './broadcasts.ts'
import { type Cohort, type CohortChanges, Cohorts, type Member } from './cohorts.ts'
import { DueDates } from './due-dates.ts'
import { type Allowance, Gate } from './gate.ts'
import { type Hand, type HandAnswer, Hands } from './hands.ts'
import { type CohortEvent, type LearnerEvent, Topic } from './hub.ts'
import { Invitations } from './invitations.ts'
import { Looks } from './looks.ts'

/** Pages of labs that are open now: person → lab → how many. */
type Presence = Map<string, Map<string, number>>

/** A classroom: what is kept of it, and who is told when it changes. */
export class Classroom {
  readonly cohorts: Cohorts
  readonly invitations: Invitations
  readonly hands: Hands
  readonly broadcasts: Broadcasts
  readonly gate: Gate
  readonly due: DueDates
  readonly board: Board
  readonly audit: AuditLog
  readonly boards = new Topic<CohortEvent>()
  readonly learners = new Topic<LearnerEvent>()
  readonly looks = new Looks(this.learners)
  readonly #presence: Presence = new Map()

  /** `now` in ms since the epoch. */
  constructor(database: Database, now: () => number = Date.now) {
    this.cohorts = new Cohorts(database, now)
    this.invitations = new Invitations(database, now)
    this.hands = new Hands(database, now)
    this.broadcasts = new Broadcasts(database, now)
    this.gate = new Gate(database, this.cohorts, now)
    this.due = new DueDates(database, now)
    this.board = new Board(database, this.cohorts)
    this.audit = new AuditLog(database, now)
  }

  /** A check of a learner's step was recorded; `since` as the database has it. */
  async reported(
    learner: string,
    report: CheckReport,
    since: number,
    passedAt: number | undefined,
  ): Promise<void> {
    await this.#tellBoards(learner, {
      type: 'cell',
      person: learner,
      cell: boardCell(report, since, passedAt),
    })
  }

  /** A learner has opened so many hints of a step: it was recorded. */
  async hintsOpened(learner: string, lab: string, step: string, opened: number): Promise<void> {
    await this.#tellBoards(learner, { type: 'hints', person: learner, lab, step, opened })
  }

  /** A learner's lab was started over. */
  async wasReset(learner: string, lab: string): Promise<void> {
    await this.gate.forget(learner, lab, 'skip')
    await this.#tellBoards(learner, { type: 'reset', person: learner, lab })
  }

  /** A page of a lab was opened (1) or closed (-1). */
  async pageChanged(learner: string, lab: string, change: 1 | -1): Promise<void> {
    const labs = this.#presence.get(learner) ?? new Map<string, number>()
    const pages = (labs.get(lab) ?? 0) + change
    if (pages > 0) labs.set(lab, pages)
    else labs.delete(lab)
    if (labs.size > 0) this.#presence.set(learner, labs)
    else this.#presence.delete(learner)
    await this.#tellBoards(learner, { type: 'presence', person: learner, lab, pages })
  }

  /** The labs that a person has open, and in how many pages. */
  presence(person: string): Record<string, number> {
    return Object.fromEntries(this.#presence.get(person) ?? [])
  }

  async join(
    cohort: Cohort,
    person: { id: string; name: string },
    role: Member['role'] = 'learner',
  ): Promise<void> {
    await this.cohorts.join(cohort.id, person.id, role)
    if (role === 'learner')
      this.boards.tell(cohort.id, { type: 'member', person: person.id, name: person.name })
  }

  async remove(cohort: Cohort, person: string): Promise<void> {
    await this.cohorts.remove(cohort.id, person)
    this.looks.endWhere(
      (look) => look.cohort === cohort.id && (look.person === person || look.instructor.id === person),
    )
    this.boards.tell(cohort.id, { type: 'left', person })
    this.learners.tell(person, { type: 'gate' })
  }

  /** Changes a cohort; its learners hear of labs that were opened or closed. */
  async change(cohort: Cohort, changes: CohortChanges): Promise<Cohort> {
    const changed = await this.cohorts.change(cohort, changes)
    this.boards.tell(cohort.id, { type: 'cohort', cohort: changed })
    for (const { id } of await this.cohorts.members(cohort.id)) this.learners.tell(id, { type: 'gate' })
    return changed
  }

  async allow(allowance: Allowance, by: string): Promise<void> {
    await this.gate.allow(allowance, by)
    this.learners.tell(allowance.person, { type: 'gate' })
  }

  /** Gives a learner another date for what is to be done. */
  async extend(cohort: Cohort, person: string, dueAt: number, by: string): Promise<void> {
    await this.due.extend(cohort.id, person, dueAt, by)
    this.learners.tell(person, { type: 'gate' })
  }

  /** A step was done for a learner, who is told by whom. */
  async skipped(learner: string, lab: string, step: string, by: { id: string; name: string }): Promise<void> {
    await this.allow({ person: learner, lab, step, kind: 'skip' }, by.id)
    this.learners.tell(learner, { type: 'skipped', lab, step, by: by.name })
    await this.#tellBoards(learner, { type: 'skipped', person: learner, lab, step })
  }

  async broadcast(message: Omit<Broadcast, 'id' | 'sentAt'>): Promise<Broadcast> {
    const broadcast = await this.broadcasts.send(message)
    for (const { id } of await this.cohorts.members(message.cohort)) {
      this.learners.tell(id, { type: 'broadcast', broadcast })
    }
    return broadcast
  }

  /** Raises a learner's hand in the newest of their cohorts; undefined when they are in none. */
  async raise(person: string, call: Pick<Hand, 'lab' | 'step' | 'note'>): Promise<Hand | undefined> {
    const [cohort] = await this.cohorts.list({ person, role: 'learner' })
    if (!cohort) return undefined
    return this.#handChanged(await this.hands.raise({ ...call, cohort: cohort.id, person }))
  }

  async takeHand(hand: Hand, instructor: string): Promise<Hand> {
    return this.#handChanged(await this.hands.take(hand, instructor))
  }

  async lowerHand(hand: Hand, answer?: HandAnswer): Promise<Hand> {
    return this.#handChanged(await this.hands.lower(hand, answer))
  }

  #handChanged(hand: Hand): Hand {
    this.boards.tell(hand.cohort, { type: 'hand', hand })
    this.learners.tell(hand.person, { type: 'hand', hand })
    return hand
  }

  async #tellBoards(learner: string, event: CohortEvent): Promise<void> {
    for (const { id } of await this.cohorts.list({ person: learner, role: 'learner' }))
      this.boards.tell(id, event)
  }
}
