import type { Classroom } from '#classroom/classroom.ts'
import type { Cohort } from '#classroom/cohorts.ts'
import { digest } from '#classroom/secrets.ts'
import type { Grades } from '#database/grades.ts'
import type { People, Person } from '#database/people.ts'
import type { Launch } from './tool.ts'

/** A page of this site; what the API answers and the ways in are none. */
const PAGE = /^\/(?!\/|api\/|auth\/)[\w/.-]*$/
const LAB = /^(?:\/[a-z]{2}-[A-Z]{2})?\/labs\/([a-z0-9-]+)\/?$/

export interface ArrivalsOptions {
  /** This server's address as people see it. */
  url: URL
  people: People
  classroom: Classroom
  grades: Grades
  /** The ids of all labs. */
  labs(): Promise<string[]>
}

/** Who has arrived, and where they are to go. */
export interface Arrival {
  person: Person
  /** A page of this site. */
  page: string
}

/** Gives whoever a learning platform sends their account, their course and the page that they came for. */
export class Arrivals {
  readonly #options: ArrivalsOptions

  constructor(options: ArrivalsOptions) {
    this.#options = options
  }

  /** `address` is where the browser is, for the audit log. */
  async arrive(launch: Launch, address: string): Promise<Arrival> {
    const { grades, labs, url } = this.#options
    const person = await this.#person(launch, address)
    if (person.disabledAt !== undefined) return { person, page: '/' }
    const target = pageOf(launch.target, url)
    const named = launch.lab ?? LAB.exec(target)?.[1]
    const lab = named !== undefined && (await labs()).includes(named) ? named : undefined
    const cohort = await this.#cohort(launch, person, lab, address)
    if (lab !== undefined && launch.role === 'learner' && launch.lineItem !== undefined) {
      const { platform, user, lineItem } = launch
      if (platform.takesScores(lineItem))
        await grades.add({ person: person.id, lab, platform: platform.id, lineItem, subject: user })
    }
    const page = launch.lab === undefined ? pageFor(target, launch, cohort) : pageOfLab(lab)
    return { person, page }
  }

  async #person({ platform, user, name, role }: Launch, address: string): Promise<Person> {
    const { people, classroom } = this.#options
    const subject = `lti|${platform.settings.issuer}|${user}`
    const known =
      (await people.findBySubject(subject)) ??
      // Two launches at once: the other has added them.
      (await people.add({ name, role, subject }, Date.now()).catch(async (error) => {
        const added = await people.findBySubject(subject)
        if (added) return added
        throw error
      }))
    // An instructor of one course may be a learner in another, and stays one; only an administrator here takes that away.
    const raised = known.role === 'learner' && role === 'instructor'
    if (known.name === name && !raised) return known
    await people.update(known.id, { name, ...(raised && { role }) })
    if (raised)
      await classroom.audit.add({
        actor: known.id,
        act: 'person-change',
        subject: known.id,
        detail: { role, way: 'lti' },
        address,
      })
    return { ...known, name, ...(raised && { role }) }
  }

  /** The course here of one there: made by the first who comes, and with the labs that are linked there. */
  async #cohort(
    { platform, deployment, context, role }: Launch,
    person: Person,
    lab: string | undefined,
    address: string,
  ): Promise<Cohort | undefined> {
    if (!context) return undefined
    const { classroom } = this.#options
    const { cohorts, audit } = classroom
    const id = digest([platform.id, deployment, context.id].join('\n'))
    const labs = lab === undefined ? [] : [lab]
    const known = await cohorts.find(id)
    const cohort =
      known ??
      (await cohorts.create({ id, name: context.title, labs }).catch(async (error) => {
        const made = await cohorts.find(id)
        if (made) return made
        throw error
      }))
    const note = (act: 'cohort-create' | 'cohort-join') =>
      audit.add({ actor: person.id, act, subject: id, detail: { way: 'lti', role }, address })
    if (!known) await note('cohort-create')
    const before = await cohorts.role(id, person.id)
    const over = cohort.archivedAt !== undefined || (cohort.endsAt ?? Number.POSITIVE_INFINITY) <= Date.now()
    if (over && before === undefined) return undefined
    if (before !== role) {
      // What they are there now, they are here.
      if (before !== undefined) await classroom.remove(cohort, person.id)
      await classroom.join(cohort, person, role)
      await note('cohort-join')
    }
    // No list of labs means all of them, which has this one.
    if (lab === undefined || cohort.labs.length === 0 || cohort.labs.includes(lab)) return cohort
    return classroom.change(cohort, { labs: [...cohort.labs, lab] })
  }
}

/** The page of this site that an address is; the start page for what is none. */
function pageOf(address: string, { origin }: URL): string {
  const url = URL.parse(address)
  return url?.origin === origin && PAGE.test(url.pathname) ? url.pathname : '/'
}

const pageOfLab = (lab: string | undefined) => (lab === undefined ? '/labs/' : `/labs/${lab}/`)

/** A link to no page of its own leads to what one does in the course. */
function pageFor(target: string, { role }: Launch, cohort: Cohort | undefined): string {
  if (target !== '/' || !cohort) return target
  if (role === 'instructor') return `/classroom/#${cohort.id}`
  return cohort.path === undefined ? '/labs/' : `/paths/${cohort.path}/`
}
