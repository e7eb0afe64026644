import { type AttainmentReport, attainmentStatus, type Done } from '#classroom/attainment.ts'
import type { Classroom } from '#classroom/classroom.ts'
import type { Cohort } from '#classroom/cohorts.ts'
import type { People } from '#database/people.ts'
import type { Course } from './course.ts'

/** How far the learners of courses are with what was assigned to them. */
export class Attainments {
  readonly #classroom: Classroom
  readonly #people: People
  readonly #course: Course
  readonly #soon: number

  /** `soon`: a date is near for so long before it, ms. */
  constructor(options: { classroom: Classroom; people: People; course: Course; soon: number }) {
    this.#classroom = options.classroom
    this.#people = options.people
    this.#course = options.course
    this.#soon = options.soon
  }

  /** Everybody of a cohort who learns, by name. */
  async report(cohort: Cohort): Promise<AttainmentReport> {
    const now = Date.now()
    const members = await this.#classroom.cohorts.members(cohort.id)
    const given = await this.#classroom.due.extensions(cohort.id)
    const people: AttainmentReport['people'] = []
    for (const { id, name, role } of members) {
      if (role !== 'learner') continue
      const done = await this.#done(cohort, id)
      const dueAt = given.get(id) ?? cohort.dueAt
      const { email } = (await this.#people.find(id)) ?? {}
      people.push({
        id,
        name,
        ...(email !== undefined && { email }),
        ...done,
        ...(dueAt !== undefined && { dueAt }),
        status: attainmentStatus(done, dueAt, { now, soon: this.#soon }),
      })
    }
    const { id, name, path, dueAt } = cohort
    return {
      cohort: { id, name, ...(path !== undefined && { path }), ...(dueAt !== undefined && { dueAt }) },
      at: now,
      people,
    }
  }

  /** Lessons and labs of the cohort's path; without one, the steps of its labs. */
  async #done({ path, labs: wanted }: Cohort, learner: string): Promise<Done> {
    const { lessons, labs, paths } = await this.#course.state(learner)
    const times = [...Object.values(lessons), ...Object.values(labs)].flatMap(({ visited }) => visited ?? [])
    const last = times.length > 0 ? { lastAt: Math.max(...times) } : {}
    const assigned = paths.find(({ id }) => id === path)
    if (assigned) return { done: assigned.done, total: assigned.total, ...last }
    const own = Object.entries(labs).filter(([id]) => wanted.length === 0 || wanted.includes(id))
    const sum = (count: (lab: { passed: number; steps: number }) => number) =>
      own.reduce((all, [, lab]) => all + count(lab), 0)
    return { done: sum(({ passed }) => passed), total: sum(({ steps }) => steps), ...last }
  }
}
