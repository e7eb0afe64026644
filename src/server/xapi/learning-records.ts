import type { Cohort, Cohorts } from '#classroom/cohorts.ts'
import { isDone, type LessonRecord } from '#course/record.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { People, Person } from '#database/people.ts'
import type { Lab } from '#labs/lab.ts'
import type { Lesson } from '#labs/lesson.ts'
import { contentsOf, type LearningPath } from '#labs/paths.ts'
import { STEP_POINTS } from '#labs/score.ts'
import type { LabState } from '../api.ts'
import type { Settings } from '../settings.ts'
import type { Outbox } from './outbox.ts'
import {
  type Activity,
  type Agent,
  activity,
  duration,
  type StatementParts,
  score,
  statement,
} from './statement.ts'

/** Who is told of a lab or a lesson. */
interface Subject {
  kind: 'lab' | 'lesson'
  id: string
}

type Told = Omit<StatementParts, 'actor' | 'grouping'>

export interface LearningRecordsOptions {
  /** The public address of this server, without a `/` at its end. */
  url: string
  /** What the store is told of people. */
  tell: NonNullable<Settings['xapi']>['people']
  people: Pick<People, 'find'>
  started: Pick<StartedLabs, 'find'>
  cohorts: Pick<Cohorts, 'list'>
  paths: () => Promise<LearningPath[]>
  outbox: Pick<Outbox, 'put'>
  onError(error: unknown): void
}

/** Turns what people do into statements for a learning record store. Whoever tells it something waits for nothing. */
export class LearningRecords {
  readonly #options: LearningRecordsOptions
  #paths: Promise<LearningPath[]> | undefined
  /** One after the other: statements are in the order of what they are about. */
  #last: Promise<void> = Promise.resolve()

  constructor(options: LearningRecordsOptions) {
    this.#options = options
  }

  /** Settles when all that was told is queued. */
  settled(): Promise<void> {
    return this.#last
  }

  /** A try of a lab began; `at` in ms since the epoch. */
  labStarted(person: string, lab: Lab, at: number): void {
    this.#tell(person, { kind: 'lab', id: lab.id }, async () => [
      { verb: 'initialized', object: this.#lab(lab), at },
    ])
  }

  /** A step of a lab has passed for the first time in this try; `state` is the lab's after it. */
  stepPassed(person: string, lab: Lab, id: string, state: LabState): void {
    this.#tell(person, { kind: 'lab', id: lab.id }, async () => {
      const step = state.steps.find((one) => one.id === id)
      const at = step?.passedAt
      if (!step || at === undefined) return []
      const startedAt = (await this.#options.started.find(person, lab.id))?.startedAt ?? at
      const before = state.steps.flatMap(({ id: other, passedAt = Number.POSITIVE_INFINITY }) =>
        other !== id && passedAt <= at ? [passedAt] : [],
      )
      const parent = this.#lab(lab)
      const told: Told[] = [
        {
          verb: 'completed',
          object: activity(`${parent.id}#${id}`, 'objective', step.title),
          parent,
          result: {
            completion: true,
            success: true,
            ...(step.score && { score: score(step.score.points, STEP_POINTS) }),
            duration: duration(at - Math.max(startedAt, ...before)),
          },
          at,
        },
      ]
      const isLast = before.length === state.steps.length - 1
      if (!isLast) return told
      const whole = { completion: true, duration: duration(at - startedAt) }
      told.push({ verb: 'completed', object: parent, result: whole, at })
      if (state.result) {
        const { points, of, passed: success } = state.result
        const result = { ...whole, success, score: score(points, of) }
        told.push({ verb: success ? 'passed' : 'failed', object: parent, result, at })
      }
      return told
    })
  }

  /** A lesson was opened, or questions of it were answered, at `at` (ms since the epoch); `record` is what is kept of it now. */
  lessonRead(
    person: string,
    { id, title, quiz }: Pick<Lesson, 'id' | 'title' | 'quiz'>,
    record: LessonRecord,
    at: number,
  ): void {
    const { opened, answers } = record
    const object = activity(`${this.#options.url}/lessons/${id}/`, 'lesson', title)
    const finished = Math.max(opened, ...quiz.map((_, number) => answers[number]?.rightAt ?? 0))
    const told: Told[] = []
    if (opened === at) told.push({ verb: 'experienced', object, at })
    if (finished === at && isDone(record, quiz))
      told.push({ verb: 'completed', object, result: { completion: true }, at })
    if (told.length > 0) this.#tell(person, { kind: 'lesson', id }, async () => told)
  }

  #tell(id: string, subject: Subject, what: () => Promise<Told[]>): void {
    const add = async () => {
      const person = await this.#options.people.find(id)
      // Deleted in the meantime.
      if (!person) return
      const actor = this.#actor(person)
      const grouping = await this.#grouping(id, subject)
      const told = await what()
      await this.#options.outbox.put(
        id,
        told.map((one) => statement({ ...one, actor, grouping })),
      )
    }
    this.#last = this.#last.then(add).catch(this.#options.onError)
  }

  #lab({ id, title, scored }: Lab): Activity {
    return activity(`${this.#options.url}/labs/${id}/`, scored ? 'assessment' : 'simulation', title)
  }

  /** One person is one agent: by their e-mail address where the settings say so and they have one, else by their id here. */
  #actor({ id, name, email }: Person): Agent {
    const { url, tell } = this.#options
    const named = { objectType: 'Agent' as const, ...(tell !== 'id' && { name }) }
    return tell === 'mail' && email !== undefined
      ? { ...named, mbox: `mailto:${email}` }
      : { ...named, account: { homePage: url, name: id } }
  }

  /** The courses of a person that this belongs to, and their paths. */
  async #grouping(person: string, subject: Subject): Promise<Activity[]> {
    const { url, cohorts } = this.#options
    this.#paths ??= this.#options.paths()
    const paths = await this.#paths
    const own = (await cohorts.list({ person, role: 'learner' })).filter(
      ({ archivedAt }) => archivedAt === undefined,
    )
    const pathOf = ({ path }: Cohort) => paths.find(({ id }) => id === path)
    const courses = own.filter((cohort) => belongs(subject, cohort, pathOf(cohort)))
    const ways = new Set(courses.flatMap((cohort) => pathOf(cohort) ?? []))
    return [
      ...courses.map(({ id, name }) => activity(`${url}/classroom/#${id}`, 'course', name)),
      ...[...ways].map(({ id, title }) => activity(`${url}/paths/${id}/`, 'course', title)),
    ]
  }
}

/** Whether a lab or lesson is of a course: in its path; without one, among its labs, which are all when none is named. */
function belongs({ kind, id }: Subject, { labs }: Cohort, path: LearningPath | undefined): boolean {
  if (path) return contentsOf(path)[kind === 'lab' ? 'labs' : 'lessons'].includes(id)
  return kind === 'lab' && (labs.length === 0 || labs.includes(id))
}
