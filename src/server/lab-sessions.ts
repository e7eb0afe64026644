import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ConsolePlace } from '#cloud/api.ts'
import type { Lab } from '#labs/lab.ts'
import type { LabConsoleEvent, LabOutline, LabResult, LabSummary } from './api.ts'
import { followLabConsole } from './lab-console.ts'
import { endWorld } from './lab-place.ts'
import { type LabServices, LabSession } from './lab-session.ts'
import { notFound } from './problem.ts'

/** All labs, and who is at work on which. */
export class LabSessions {
  readonly #services: LabServices
  readonly #labs: Promise<Map<string, Lab>>
  readonly #sessions = new Map<string, LabSession>()

  constructor(services: LabServices, labs: Promise<Lab[]>) {
    this.#services = services
    this.#labs = labs.then((all) => new Map(all.map((lab) => [lab.id, lab])))
    // Whoever asks for a lab gets the error.
    this.#labs.catch(() => {})
    services.cloud.onStatus((status) => {
      for (const session of this.#sessions.values()) session.cloudStatus(status)
    })
  }

  async summaries(learner: string): Promise<LabSummary[]> {
    const [labs, passed, started] = await Promise.all([
      this.#labs,
      this.#services.progress.passed(learner),
      this.#services.started.list(learner),
    ])
    const results = await this.#results(learner, labs, started)
    return [...labs.values()].map(({ id, title, summary, track, minutes, steps }) => ({
      id,
      title,
      summary,
      track,
      minutes,
      steps: steps.length,
      passed: passed.get(id) ?? 0,
      started: started.has(id),
      ...(results.has(id) && { result: results.get(id)! }),
    }))
  }

  /** The points of the scored labs that a learner has started. */
  async #results(
    learner: string,
    labs: Map<string, Lab>,
    started: Set<string>,
  ): Promise<Map<string, LabResult>> {
    const scored = [...labs.values()].filter(({ id, scored }) => scored && started.has(id))
    const states = await Promise.all(scored.map(async ({ id }) => (await this.session(learner, id)).state()))
    return new Map(states.flatMap(({ id, result }) => (result ? [[id, result] as const] : [])))
  }

  /** What a learner has reached in a lab: points where it is scored, else steps. Undefined when there is no such lab any more. */
  async result(
    learner: string,
    lab: string,
  ): Promise<{ given: number; of: number; complete: boolean } | undefined> {
    if (!(await this.#labs).has(lab)) return undefined
    const { steps, result } = await (await this.session(learner, lab)).state()
    const passed = steps.filter(({ passedAt }) => passedAt !== undefined).length
    return {
      given: result?.points ?? passed,
      of: result?.of ?? steps.length,
      complete: passed === steps.length,
    }
  }

  /** All labs with their steps. */
  async outlines(): Promise<LabOutline[]> {
    return [...(await this.#labs).values()].map(({ id, title, steps }) => ({
      id,
      title,
      steps: steps.map(({ id, title, hints }) => ({ id, title, hints })),
    }))
  }

  /** Ends and deletes all worlds, homes and terminals of a learner, and their places in the line. */
  async forget(learner: string): Promise<void> {
    const own = `${learner}\0`
    const opened = [...this.#sessions.keys()].filter((key) => key.startsWith(own))
    const started = await this.#services.started.list(learner)
    for (const lab of started.union(new Set(opened.map((key) => key.slice(own.length))))) {
      if ((await this.#labs).has(lab)) await (await this.session(learner, lab)).forget()
      else await this.#forgetGone(learner, lab)
      this.#sessions.delete(`${own}${lab}`)
    }
    await rm(join(this.#services.folder, learner), { recursive: true, force: true })
  }

  /** What somebody has of a lab that is no longer there: an overlay hides it, a release left it out. */
  async #forgetGone(learner: string, lab: string): Promise<void> {
    await endWorld(this.#services, learner, lab)
    await this.#services.started.delete(learner, lab)
  }

  /** A learner's session of a lab. Throws a Problem when there is no such lab. */
  async session(learner: string, lab: string): Promise<LabSession> {
    const definition = (await this.#labs).get(lab)
    if (!definition) throw notFound(`There is no lab "${lab}".`)
    const key = `${learner}\0${lab}`
    let session = this.#sessions.get(key)
    if (!session) {
      session = new LabSession(this.#services, learner, definition)
      this.#sessions.set(key, session)
    }
    return session
  }

  /** The sessions that somebody works in now: a page is open, or a shell runs. */
  async atWork(): Promise<LabSession[]> {
    const running = await this.#services.terminals.running()
    for (const { learner, lab } of running) if ((await this.#labs).has(lab)) await this.session(learner, lab)
    const busy = new Set(running.map(({ learner, lab }) => `${learner}\0${lab}`))
    return [...this.#sessions].filter(([key, { watched }]) => watched || busy.has(key)).map(([, one]) => one)
  }

  /** Follows what the console of a session's account shows, until closed. */
  followConsole(
    session: LabSession,
    place: ConsolePlace,
    listener: (event: LabConsoleEvent) => void,
  ): { close(): void } {
    return followLabConsole(session, this.#services.cloud, place, listener, this.#services.onError)
  }

  /** Tells every page that the server ends for now. */
  tellClosing(): void {
    for (const session of this.#sessions.values()) session.tellClosing()
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close()
  }
}
