import type { LearnerEvent, Topic } from './hub.ts'
import { token } from './secrets.ts'

/** An instructor who looks at a learner's work on a lab now. Both are told of it. */
export interface Look {
  id: string
  cohort: string
  instructor: { id: string; name: string }
  /** Whose work it is: their id and name. */
  person: string
  name: string
  lab: string
  /** Who may type: the learner alone; the instructor asks to; or both, because the learner lets them. */
  keyboard: 'learner' | 'asked' | 'shared'
  /** They look at how the work went, too. */
  replay?: true
}

interface Live {
  look: Look
  changed(look: Look): void
  ended(): void
  /** What goes when the look does: connections. */
  closers: Set<() => void>
}

/** Who looks at whom. A look lives as long as the instructor's page follows it, so nothing of it is kept. */
export class Looks {
  readonly #live = new Map<string, Live>()
  readonly #learners: Topic<LearnerEvent>

  /** Learners are told over their topic. */
  constructor(learners: Topic<LearnerEvent>) {
    this.#learners = learners
  }

  /** Begins a look. `changed` is called now and at each change, `ended` when it is ended from here. */
  begin(
    what: Omit<Look, 'id' | 'keyboard'>,
    { changed, ended }: Pick<Live, 'changed' | 'ended'>,
  ): { look: Look; close(): void } {
    const look: Look = { ...what, id: token(), keyboard: 'learner' }
    this.#live.set(look.id, { look, changed, ended, closers: new Set() })
    this.#tell(look)
    return { look, close: () => this.#close(look.id) }
  }

  /** A look that goes on. */
  find(id: string): Look | undefined {
    return this.#live.get(id)?.look
  }

  /** Those who look at a person now. */
  at(person: string): Look[] {
    return [...this.#live.values()].map(({ look }) => look).filter((look) => look.person === person)
  }

  /** Says who may type. A look that is over stays so. */
  setKeyboard(id: string, keyboard: Look['keyboard']): void {
    const live = this.#live.get(id)
    if (!live || live.look.keyboard === keyboard) return
    live.look = { ...live.look, keyboard }
    this.#tell(live.look)
  }

  /** The instructor looks at how the work went. Stays so for as long as the look lasts. */
  replays(id: string): void {
    const live = this.#live.get(id)
    if (!live || live.look.replay) return
    live.look = { ...live.look, replay: true }
    this.#tell(live.look)
  }

  /** Calls `close` when the look ends, at once if it has; gives what forgets that. */
  onEnd(id: string, close: () => void): () => void {
    const live = this.#live.get(id)
    if (!live) close()
    live?.closers.add(close)
    return () => live?.closers.delete(close)
  }

  /** Ends looks: of an instructor who does not lead the course any more, or at a learner who has left. */
  endWhere(over: (look: Look) => boolean): void {
    for (const { look, ended } of [...this.#live.values()]) {
      if (!over(look)) continue
      ended()
      this.#close(look.id)
    }
  }

  #close(id: string): void {
    const live = this.#live.get(id)
    if (!this.#live.delete(id) || !live) return
    for (const close of live.closers) close()
    this.#learners.tell(live.look.person, { type: 'looks', looks: this.at(live.look.person) })
  }

  #tell(look: Look): void {
    this.#live.get(look.id)?.changed(look)
    this.#learners.tell(look.person, { type: 'looks', looks: this.at(look.person) })
  }
}
