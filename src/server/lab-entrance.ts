import { createHash } from 'node:crypto'
import type { Classroom } from '#classroom/classroom.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { Admission } from './admission.ts'
import { Problem } from './problem.ts'

/** So long (ms) a place in the line is kept for somebody whose page is gone: it may only be loading anew. */
const PLACE_KEPT_MS = 30_000

export interface LabEntranceOptions {
  admission: Admission
  started: Pick<StartedLabs, 'find'>
  /** Nobody says what may be started on a server of one person. */
  classroom?: Pick<Classroom, 'gate'>
  learner: string
  lab: string
  /** The place in the line is another one. */
  moved(): void
  /** It is the learner's turn. */
  admitted(): void
}

/** Whether a learner may start a lab: their course has opened it, and there is a seat. */
export class LabEntrance {
  /** The id of the world: the same for the same learner and lab, and a valid name whatever the learner's id is. */
  readonly world: string
  readonly #options: LabEntranceOptions

  constructor(options: LabEntranceOptions) {
    const { learner, lab } = options
    const hash = createHash('sha256').update(`${learner}\0${lab}`).digest('hex').slice(0, 12)
    this.world = `${lab.slice(0, 40)}-${hash}`
    this.#options = options
  }

  /** Whether the course has opened the lab. */
  async isOpen(): Promise<boolean> {
    const { classroom, learner, lab } = this.#options
    return classroom === undefined || (await classroom.gate.isOpen(learner, lab))
  }

  /** Throws a Problem where it is not open. A lab that was started stays open: nobody is sent away from their work. */
  async assertOpen(): Promise<void> {
    const { started, learner, lab } = this.#options
    if (await this.isOpen()) return
    if (await started.find(learner, lab)) return
    throw new Problem(403, {
      code: 'lab-not-open',
      what: 'This lab is not open yet.',
      why: 'Your instructor opens the labs of your course one after another.',
      next: 'Wait for it here: the page tells you when it opens.',
    })
  }

  /** The place in the line, from 1. */
  get place(): number | undefined {
    return this.#options.admission.place(this.world)
  }

  /** Whether it may be started now; else it stands in line, and starts when it is its turn. */
  mayEnter(): boolean {
    const { admission, moved, admitted } = this.#options
    return admission.ask({ world: this.world, moved, admitted })
  }

  /** The seat, or the place in the line, is given up. */
  leave(): void {
    this.#options.admission.leave(this.world)
  }

  /** Gives up a place in the line when nobody looks for some time. */
  leaveUnless(watched: () => boolean): void {
    setTimeout(() => {
      if (!watched() && this.place !== undefined) this.leave()
    }, PLACE_KEPT_MS).unref()
  }
}
