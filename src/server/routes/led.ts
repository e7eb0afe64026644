import type { Cohort, Cohorts, Member } from '#classroom/cohorts.ts'
import { notFound } from '../problem.ts'
import type { Identity } from '../security/identity.ts'

/** A cohort that somebody leads, or as administrator may. Throws a Problem for any other. */
export async function ledCohort(cohorts: Cohorts, { learner, role }: Identity, id: string): Promise<Cohort> {
  const cohort = await cohorts.find(id)
  if (cohort && (role === 'admin' || (await cohorts.role(id, learner)) === 'instructor')) return cohort
  throw notFound('There is no such course, or you do not lead it.')
}

/** The learners of a cohort that are named. Throws a Problem when one of them is none. */
export async function learnersOf(cohorts: Cohorts, { id }: Cohort, people: string[]): Promise<Member[]> {
  const members = (await cohorts.members(id)).filter(({ role }) => role === 'learner')
  const learners = members.filter((member) => people.includes(member.id))
  if (learners.length === new Set(people).size) return learners
  throw notFound('There is no such learner here.')
}
