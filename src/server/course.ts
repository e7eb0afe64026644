import { randomUUID } from 'node:crypto'
import { type Certificate, Seal } from '#course/certificate.ts'
import {
  isProven,
  type Passes as PassedSteps,
  type ProgressFile,
  writeProgressFile,
} from '#course/progress-file.ts'
import { isDone, mark } from '#course/record.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { LessonRecords } from '#database/lessons.ts'
import type { Passes } from '#database/passes.ts'
import type { CommandVerdict } from '#labs/command-answer.ts'
import type { Lesson } from '#labs/lesson.ts'
import { contentsOf, type LearningPath } from '#labs/paths.ts'
import type { CourseState, ImportResult, LabOutline, LabSummary, LessonState } from './api.ts'
import { notFound, Problem } from './problem.ts'
import type { Scratch } from './scratch.ts'
import type { LearningRecords } from './xapi/learning-records.ts'

export interface CourseOptions {
  records: LessonRecords
  passes: Passes
  started: StartedLabs
  /** The installation's key, see `Seal`. */
  secret: string
  lessons: () => Promise<Lesson[]>
  paths: () => Promise<LearningPath[]>
  labs: () => Promise<LabOutline[]>
  /** How far a learner's present try of each lab is. */
  summaries: (learner: string) => Promise<LabSummary[]>
  scratch: Scratch
  /** Who is told of lessons that were read. */
  told?: Pick<LearningRecords, 'lessonRead'> | undefined
}

/** What learners have done in the course: read, answered, passed; to be taken along, and certified. */
export class Course {
  readonly seal: Seal
  readonly #options: CourseOptions
  #content: Promise<{ lessons: Map<string, Lesson>; paths: LearningPath[] }> | undefined

  constructor(options: CourseOptions) {
    this.#options = options
    this.seal = new Seal(options.secret)
  }

  async state(learner: string): Promise<CourseState> {
    const { records, passes, started } = this.#options
    const [{ lessons, paths }, labs, read, passed, visited] = await Promise.all([
      this.#load(),
      this.#options.labs(),
      records.list(learner),
      passes.list(learner),
      started.times(learner),
    ])
    const lessonStates = Object.fromEntries(
      Object.entries(read).flatMap(([id, record]) => {
        const lesson = lessons.get(id)
        return lesson ? [[id, { ...record, done: isDone(record, lesson.quiz) }]] : []
      }),
    )
    const labStates = Object.fromEntries(
      labs.map(({ id, steps }) => {
        const own = passed.filter(({ lab, step }) => lab === id && steps.some((one) => one.id === step))
        const times = [...own.map(({ passedAt }) => passedAt), visited.get(id) ?? 0]
        const last = Math.max(...times)
        return [id, { passed: own.length, steps: steps.length, ...(last > 0 && { visited: last }) }]
      }),
    )
    const state = { lessons: lessonStates, labs: labStates }
    return {
      ...state,
      paths: paths.map((path) => {
        const contents = contentsOf(path)
        return {
          id: path.id,
          done: total(contents) - missing(contents, state).length,
          total: total(contents),
        }
      }),
    }
  }

  /** Notes that a lesson is open, and what was answered in it. */
  async read(learner: string, id: string, choices: Record<string, string>, at: number): Promise<LessonState> {
    const lesson = (await this.#load()).lessons.get(id)
    if (!lesson) throw notFound(`There is no lesson "${id}".`)
    const answers = Object.fromEntries(
      Object.entries(choices).map(([number, choice]) => [number, { choice, at }]),
    )
    const record = await this.#options.records.merge(
      learner,
      id,
      mark({ opened: at, visited: at, answers }, lesson.quiz),
    )
    this.#options.told?.lessonRead(learner, lesson, record, at)
    return { ...record, done: isDone(record, lesson.quiz) }
  }

  /** Runs a command as the answer to a question of a lesson, in a copy of its world, and keeps it. */
  async answer(
    learner: string,
    id: string,
    { question, command, at }: { question: number; command: string; at: number },
  ): Promise<CommandVerdict> {
    const lesson = (await this.#load()).lessons.get(id)
    const asked = lesson?.commands[question]
    if (!lesson || !asked) throw notFound(`The lesson "${id}" has no question ${question} for a command.`)
    const verdict = await this.#options.scratch.try(learner, lesson.start, asked, command)
    const answer = { choice: command, at, ...(verdict.right && { rightAt: at }) }
    await this.#options.records.merge(learner, id, {
      opened: at,
      visited: at,
      answers: { [`c${question}`]: answer },
    })
    return verdict
  }

  /** All of it as a file. */
  async export(learner: string, name: string, at: number): Promise<ProgressFile> {
    const labs: PassedSteps = {}
    // What another server's file said is taken along, but not vouched for.
    const passed = await this.#options.passes.list(learner)
    for (const { lab, step, passedAt } of passed) labs[lab] = { ...labs[lab], [step]: passedAt }
    const file = writeProgressFile(this.seal, learner, {
      learner: name,
      lessons: await this.#options.records.list(learner),
      labs,
      at,
    })
    return passed.every(({ proven }) => proven) ? file : { ...file, signature: '' }
  }

  /** Adds what a file says and is not there yet. Takes nothing away. */
  async import(learner: string, file: ProgressFile): Promise<ImportResult> {
    const { lessons } = await this.#load()
    const labs = new Set((await this.#options.labs()).map(({ id }) => id))
    const before = await this.#options.passes.list(learner)
    const read = await this.#options.records.list(learner)
    const proven = isProven(this.seal, learner, file)
    await this.#options.passes.add(learner, file.labs, proven)
    for (const [id, record] of Object.entries(file.lessons))
      await this.#options.records.merge(learner, id, record)
    const known = new Set(before.map(({ lab, step }) => `${lab}/${step}`))
    return {
      lessons: Object.keys(file.lessons).filter((id) => !(id in read)).length,
      steps: Object.entries(file.labs)
        .flatMap(([lab, steps]) => Object.keys(steps).map((step) => `${lab}/${step}`))
        .filter((step) => !known.has(step)).length,
      unknown: [
        ...Object.keys(file.lessons).filter((id) => !lessons.has(id)),
        ...Object.keys(file.labs).filter((id) => !labs.has(id)),
      ],
      proven,
    }
  }

  /** A certificate's code. Throws a Problem while something of the path is not done. */
  async certify(
    learner: string,
    pathId: string,
    { name, issuer, at }: { name: string; issuer: string; at: number },
  ): Promise<string> {
    const { paths } = await this.#load()
    const path = paths.find(({ id }) => id === pathId)
    if (!path) throw notFound(`There is no learning path "${pathId}".`)
    const { lessons, labs } = contentsOf(path)
    return this.seal.issue(await this.claims(learner, { title: path.title, lessons, labs, name, issuer, at }))
  }

  /**
   * What a certificate of these lessons and labs says: the way for paths and for any other choice, such as a cohort's labs. Throws a
   * Problem that names what is not done.
   */
  async claims(
    learner: string,
    wanted: { title: string; lessons: string[]; labs: string[]; name: string; issuer: string; at: number },
  ): Promise<Certificate> {
    const { title, lessons, labs, name, issuer, at } = wanted
    const state = await this.state(learner)
    const left = missing(wanted, state)
    if (left.length > 0) {
      throw new Problem(409, {
        code: 'not-done',
        what: `${left.length} of ${total(wanted)} are not done yet.`,
        why: `A certificate says that all of it is done. Missing: ${left.join(', ')}.`,
        next: 'Answer all questions of the lessons rightly, and pass all steps of the labs.',
      })
    }
    const steps = (await this.#options.passes.list(learner)).filter(({ lab }) => labs.includes(lab))
    const times = [
      ...steps.map(({ passedAt }) => passedAt),
      ...lessons.flatMap((id) =>
        Object.values(state.lessons[id]!.answers).map(({ rightAt }) => rightAt ?? 0),
      ),
    ]
    return {
      id: randomUUID(),
      name,
      title,
      lessons: lessons.length,
      labs: labs.length,
      steps: labs.reduce((sum, id) => sum + state.labs[id]!.steps, 0),
      unproven: steps.filter(({ proven }) => !proven).length,
      results: (await this.#options.summaries(learner)).flatMap(({ id, title, passed, steps, result }) =>
        result && labs.includes(id) && passed === steps
          ? [{ title, points: result.points, of: result.of, passed: result.passed }]
          : [],
      ),
      finishedAt: Math.max(...times),
      issuedAt: at,
      issuer,
    }
  }

  #load() {
    this.#content ??= Promise.all([this.#options.lessons(), this.#options.paths()]).then(
      ([lessons, paths]) => ({
        lessons: new Map(lessons.map((lesson) => [lesson.id, lesson])),
        paths,
      }),
    )
    return this.#content
  }
}

interface Contents {
  lessons: string[]
  labs: string[]
}

const total = ({ lessons, labs }: Contents) => lessons.length + labs.length

/** The ids of what is not done. */
function missing({ lessons, labs }: Contents, state: Pick<CourseState, 'lessons' | 'labs'>): string[] {
  return [
    ...lessons.filter((id) => !state.lessons[id]?.done),
    ...labs.filter((id) => {
      const lab = state.labs[id]
      return !lab || lab.passed < lab.steps
    }),
  ]
}
