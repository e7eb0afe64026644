import { readFile } from 'node:fs/promises'
import type { CheckReport } from '#checks/finding.ts'
import { currentStep, stepStatus } from '#checks/progress.ts'
import type { CheckRunner } from '#checks/runner.ts'
import type { Classroom } from '#classroom/classroom.ts'
import type { CloudStatus } from '#cloud/api.ts'
import type { Hints } from '#database/hints.ts'
import type { Marks } from '#database/marks.ts'
import type { Moment } from '#database/moments.ts'
import type { DatabaseProgress } from '#database/progress.ts'
import type { Lab } from '#labs/lab.ts'
import type { Admission } from './admission.ts'
import type { LabState } from './api.ts'
import { LabChecks } from './lab-checks.ts'
import { LabEntrance } from './lab-entrance.ts'
import { LabFollowers, type LabListener } from './lab-followers.ts'
import type { HomeSize } from './lab-home.ts'
import { LabPlace, type PlaceServices } from './lab-place.ts'
import { LabScores } from './lab-scores.ts'
import type { Gradebook } from './lti/gradebook.ts'
import { notFound, Problem } from './problem.ts'
import type { LearningRecords } from './xapi/learning-records.ts'

/** What the sessions share. */
export interface LabServices extends PlaceServices {
  runner: Pick<CheckRunner, 'run'>
  progress: DatabaseProgress
  hints: Hints
  marks: Marks
  admission: Admission
  /** Who is told of what happens to learners, and who says what they may do. Nobody on a server of one person. */
  classroom?: Pick<Classroom, 'gate' | 'reported' | 'wasReset' | 'pageChanged' | 'hintsOpened'>
  /** Who is told of what learners do. */
  told?: Pick<LearningRecords, 'labStarted' | 'stepPassed'> | undefined
  /** Who sends results to gradebooks elsewhere. */
  gradebook?: Pick<Gradebook, 'changed'> | undefined
}

/** Until a step's solution that is run for a learner is given up: clusters take their time. */
const SKIP_TIMEOUT_MS = 10 * 60_000

/** One learner at work on one lab: what is done with its place, what checks say of it, and the pages that follow. */
export class LabSession {
  readonly #services: LabServices
  readonly #learner: string
  readonly #lab: Lab
  readonly #followers = new LabFollowers()
  /** What the lab consists of. */
  readonly place: LabPlace
  readonly #checks: LabChecks
  readonly #entrance: LabEntrance
  readonly #scores: LabScores
  /** The step that is done for the learner now: it is nothing that they did. */
  #skipping: string | undefined
  /** Starts and resets happen one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(services: LabServices, learner: string, lab: Lab) {
    this.#services = services
    this.#learner = learner
    this.#lab = lab
    this.place = new LabPlace(services, learner, lab)
    this.#scores = new LabScores(services.hints, services.marks)
    const { cloud, started, runner, progress, admission, classroom, onError } = services
    this.#checks = new LabChecks({
      cloud,
      runner,
      progress,
      learner,
      lab,
      home: this.home,
      world: this.world,
      watched: () => this.#followers.watched,
      onChecking: (step) => this.#followers.emit({ type: 'checking', step }),
      onEnd: (step) => this.#followers.emit({ type: 'checked', step }),
      record: (report) => this.#record(report),
      onError,
    })
    this.#entrance = new LabEntrance({
      admission,
      started,
      ...(classroom && { classroom }),
      learner,
      lab: lab.id,
      moved: () => void this.#tellState().catch(onError),
      admitted: () => void this.start().catch((error) => this.#tellState().finally(() => onError(error))),
    })
  }

  /** The learner's home folder. */
  get home(): string {
    return this.place.home.folder
  }

  /** The learner's cloud, to look at. */
  get world(): LabPlace['world'] {
    return this.place.world
  }

  /** Whether a page of it is open. */
  get watched(): boolean {
    return this.#followers.watched
  }

  /** What the home holds was measured (bytes). Programs end where it has grown past its quota; what is there stays, and can be deleted. */
  async measured(size: HomeSize): Promise<void> {
    const { home } = this.place
    const before = home.full
    if (home.outgrown(size)) await this.#services.terminals.endAll(this.#learner, this.#lab.id)
    home.measured(size)
    if (home.full?.used !== before?.used) await this.#tellState()
  }

  async state(): Promise<LabState> {
    const progress = await this.#services.progress.read(this.#learner, this.#lab.id)
    const world = await this.world.find()
    const record = await this.#services.started.find(this.#learner, this.#lab.id)
    const saved = record ? await this.place.beginnings() : new Set()
    const names = record && (await this.place.names())
    const score = record && (await this.#scores.of(this.#learner, this.#lab, progress, record.startedAt))
    const { place: waiting } = this.#entrance
    const { full } = this.place.home
    const { classroom, records } = this.#services
    // A cloud that has lost the world (its folder was removed) has to be started anew.
    const started = record !== undefined && (world !== undefined || this.#services.cloud.status !== 'up')
    return {
      id: this.#lab.id,
      title: this.#lab.title,
      started,
      open: started || (await this.#entrance.isOpen()),
      ...(waiting !== undefined && { waiting }),
      ...(full && { full }),
      ...(records && { recordedDays: records.days }),
      ...(classroom && { classroom: true as const }),
      steps: this.#lab.steps.map(({ id, title }) => ({
        id,
        title,
        status: stepStatus(progress[id]),
        ...progress[id],
        ...(saved.has(id) && { saved: true as const }),
        ...(score?.steps.has(id) && { score: score.steps.get(id)! }),
      })),
      ...(started &&
        world && {
          world: {
            id: world.id,
            accountId: world.accountId,
            region: world.region,
            provisioning: world.provisioning,
            speed: world.clock.speed,
          },
        }),
      ...(names && { names }),
      ...(score && { result: score.result }),
    }
  }

  /** Makes the world, the home and the first terminal; what is there stays. Where all seats are taken it waits in line. */
  start(): Promise<LabState> {
    return this.#inTurn(async () => {
      const known = await this.#services.started.find(this.#learner, this.#lab.id)
      try {
        await this.#entrance.assertOpen()
        return known || this.#entrance.mayEnter() ? await this.#start() : await this.state()
      } catch (error) {
        if (!known) this.#entrance.leave()
        throw error
      }
    })
  }

  /** Ends and forgets everything of this lab, then starts anew. */
  reset(): Promise<LabState> {
    return this.#inTurn(async () => {
      await this.#forget()
      this.#note({ kind: 'reset' })
      return this.#start()
    })
  }

  /** Ends and forgets everything of this lab. */
  forget(): Promise<void> {
    return this.#inTurn(() => {
      this.#entrance.leave()
      return this.#forget()
    })
  }

  /** Runs a step's check; a run under way is joined. */
  async check(step: string): Promise<CheckReport> {
    this.#step(step)
    await this.world.started()
    const report = await this.#checks.run(step)
    await this.#checks.follow()
    return report
  }

  /** Does a step for the learner, by its own solution in their world. Throws a Problem when the check does not pass then. */
  skip(step: string): Promise<void> {
    return this.#inTurn(async () => {
      const shell = await this.place.shell()
      const text = await this.#commandsOf(step)
      this.#skipping = step
      this.#note({ kind: 'skipped', step })
      const solve = async () => {
        const code = await this.#services.terminals.run(shell, text, SKIP_TIMEOUT_MS)
        // What ran before the solution did says nothing of it.
        await this.#checks.settled(step)
        return { code, ...(await this.#checks.run(step)) }
      }
      const { code, status, findings } = await solve().finally(() => {
        this.#skipping = undefined
      })
      if (status === 'passed') return
      const finding = findings.findLast((one) => one.status === 'failed')
      throw new Problem(409, {
        code: 'skip-failed',
        what: 'The step’s own solution was run, and its check does not pass.',
        why: [
          code === undefined ? 'It took too long.' : code !== 0 && `A command of it ended with ${code}.`,
          finding && `The check says: ${finding.title}${finding.observed ? `: ${finding.observed}` : ''}.`,
        ]
          .filter(Boolean)
          .join(' '),
        next: 'Put the step back to its beginning, or skip the steps before it first.',
      })
    })
  }

  /** Follows what the lab says, without being there: no page of the learner's, and no reason to check. */
  overhear(listener: LabListener): { close(): void } {
    const overhearing = this.#followers.overhear(listener)
    this.#greet(listener)
    return overhearing
  }

  /** Follows the lab until closed. While anybody does, the current step is checked when the world changes. */
  subscribe(listener: LabListener): { close(): void } {
    this.#followers.add(listener)
    this.#pageChanged(1)
    this.#greet(listener)
    this.#checks.follow().catch(this.#services.onError)
    return {
      close: () => {
        if (!this.#followers.remove(listener)) return
        this.#pageChanged(-1)
        if (this.watched) return
        this.#checks.stop()
        this.#entrance.leaveUnless(() => this.watched)
      },
    }
  }

  /** Puts world, home and progress back to where a step began, with new terminals. Throws a Problem when that was not kept. */
  resetStep(step: string): Promise<LabState> {
    return this.#inTurn(async () => {
      await this.world.started()
      const at = this.#lab.steps.findIndex(({ id }) => id === step)
      const later = this.#lab.steps.slice(at).map(({ id }) => id)
      if (at === -1 || !(await this.place.beginnings()).has(step))
        throw notFound('The beginning of this step was not kept.', 'Start the lab over instead.')
      const { progress, marks } = this.#services
      this.#checks.discard()
      await this.place.backTo(step)
      await progress.resetSteps(this.#learner, this.#lab.id, later)
      await marks.resetSteps(this.#learner, this.#lab.id, later)
      await this.place.forgetBeginnings(later.slice(1))
      this.world.forget()
      return this.#start()
    })
  }

  /** The commands that do a step, to be shown. */
  async solution(step: string): Promise<{ text: string }> {
    const text = await this.#commandsOf(step)
    await this.world.started()
    await this.#solutionUsed(step)
    return { text }
  }

  /** The learner has opened so many hints of a step; its solution counts as one more than all. */
  async hintsOpened(step: string, opened: number): Promise<void> {
    this.#step(step)
    const { hints, classroom } = this.#services
    if (!(await hints.open(this.#learner, this.#lab.id, step, opened))) return
    const solution = opened > this.#step(step).hints.length
    this.#note({ kind: 'hints', step, opened, ...(solution && { solution }) })
    await classroom?.hintsOpened(this.#learner, this.#lab.id, step, opened)
    if (this.#lab.scored) await this.#tellState()
  }

  /** Changes how fast the world's time goes, or moves it until nothing is on its way any more. */
  async setClock(change: { speed: number } | { untilReady: true }): Promise<LabState> {
    await this.world.setClock(change)
    const { clock } = await this.world.started()
    this.#note({ kind: 'clock', world: clock.now, speed: clock.speed })
    return this.#tellState()
  }

  /** The cloud process went away or came back. */
  cloudStatus(status: CloudStatus): void {
    this.#followers.emit({ type: 'cloud', status })
    if (status !== 'up') return
    this.#tellState().catch(this.#services.onError)
    this.#checks.follow().catch(this.#services.onError)
  }

  tellClosing(): void {
    this.#followers.emit({ type: 'closing' })
  }

  close(): void {
    this.#checks.stop()
    this.#followers.clear()
  }

  async #forget(): Promise<void> {
    const { progress, hints, marks, classroom } = this.#services
    this.#checks.discard()
    await this.place.unmake()
    await progress.reset(this.#learner, this.#lab.id)
    await hints.reset(this.#learner, this.#lab.id)
    const steps = this.#lab.steps.map(({ id }) => id)
    await marks.resetSteps(this.#learner, this.#lab.id, steps)
    await classroom?.wasReset(this.#learner, this.#lab.id)
  }

  async #start(): Promise<LabState> {
    const startedAt = await this.place.make(this.#entrance.world)
    if (startedAt !== undefined) {
      this.#note({ kind: 'started' })
      this.#services.told?.labStarted(this.#learner, this.#lab, startedAt)
      await this.place.keepBeginning(this.#lab.steps[0]?.id)
    }
    await this.place.ensureTerminal()
    const state = await this.#tellState()
    if (this.watched) await this.#checks.follow()
    return state
  }

  #pageChanged(change: 1 | -1): void {
    this.#services.classroom?.pageChanged(this.#learner, this.#lab.id, change).catch(this.#services.onError)
  }

  async #commandsOf(id: string): Promise<string> {
    const { solution, commands } = this.#step(id)
    return solution ? readFile(solution.file, 'utf8') : commands
  }

  /** A step whose solution was shown, or run for the learner, brings no points. */
  async #solutionUsed(step: string): Promise<void> {
    if (this.#lab.scored) await this.hintsOpened(step, this.#step(step).hints.length + 1)
  }

  #step(id: string): Lab['steps'][number] {
    const step = this.#lab.steps.find((one) => one.id === id)
    if (!step) throw notFound(`This lab has no step "${id}".`)
    return step
  }

  async #record(report: CheckReport): Promise<void> {
    const { progress, classroom, told, gradebook } = this.#services
    const after = await progress.record(this.#learner, report)
    const { since, passedAt } = after[report.step]!
    const isFirstPass = report.status === 'passed' && passedAt === report.at
    const own = this.#skipping !== report.step
    if (since === report.at) this.#note(momentOf(report))
    if (isFirstPass) await this.#mark(report.step)
    if (isFirstPass && !own) await this.#solutionUsed(report.step)
    await classroom?.reported(this.#learner, report, since!, passedAt)
    this.#followers.emit({ type: 'report', report })
    if (report.status === 'passed') await this.place.keepBeginning(currentStep(this.#lab.steps, after)?.id)
    const state = await this.state()
    if (isFirstPass && own) told?.stepPassed(this.#learner, this.#lab, report.step, state)
    if (isFirstPass) gradebook?.changed(this.#learner, this.#lab.id)
    this.#followers.emit({ type: 'state', state })
  }

  /** Notes what else was changed or broken by now, in a scored lab. */
  async #mark(step: string): Promise<void> {
    const world = await this.world.find()
    const first = this.#lab.steps[0]?.id
    if (!this.#lab.scored || !world || first === undefined) return
    const names = (await this.place.names()) ?? {}
    const cloud = await this.#services.cloud.client
    const at = { cloud, world: world.id, save: this.place.saveOf(first), names }
    await this.#scores.mark(this.#learner, this.#lab, step, at).catch(this.#services.onError)
  }

  #note(moment: Moment): void {
    this.#services.records?.note(this.#learner, this.#lab.id, moment)
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task)
    this.#last = result.catch(() => {})
    return result
  }

  #greet(listener: LabListener): void {
    listener({ type: 'cloud', status: this.#services.cloud.status })
    this.state().then((state) => listener({ type: 'state', state }), this.#services.onError)
  }

  async #tellState(): Promise<LabState> {
    const state = await this.state()
    this.#followers.emit({ type: 'state', state })
    return state
  }
}

/** What is kept of a report that says something new. */
function momentOf({ step, status, findings }: CheckReport): Moment {
  const finding = findings.findLast((one) => one.status === 'failed')
  const { id, title, observed } = finding ?? {}
  return {
    kind: 'check',
    step,
    status,
    ...(finding && { finding: { id: id!, title: title!, ...(observed !== undefined && { observed }) } }),
  }
}
