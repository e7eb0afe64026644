import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CheckReport } from '#checks/finding.ts'
import { currentStep, stepStatus } from '#checks/progress.ts'
import type { CheckRunner } from '#checks/runner.ts'
import type { Classroom } from '#classroom/classroom.ts'
import type { CloudStatus, WorldInfo } from '#cloud/api.ts'
import type { Hints } from '#database/hints.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { Marks } from '#database/marks.ts'
import type { Moment } from '#database/moments.ts'
import type { DatabaseProgress } from '#database/progress.ts'
import { type Comparison, compare } from '#labs/comparison.ts'
import type { Lab } from '#labs/lab.ts'
import { giveNames, givenNames } from '#labs/names.ts'
import { furnishAccount } from '#labs/overlay/account.ts'
import { runScript } from '#labs/shell.ts'
import type { PreparedWorlds } from '#labs/starts.ts'
import { FolderTooLarge } from '#workspace/copy-folder.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { WorkspaceFiles } from '#workspace/files.ts'
import { makeHome } from '#workspace/home.ts'
import type { ShellOptions } from '#workspace/terminals.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { Admission } from './admission.ts'
import type { LabEvent, LabState, StillPicture } from './api.ts'
import type { ServerCloud } from './cloud.ts'
import { LabChecks } from './lab-checks.ts'
import { LabEntrance } from './lab-entrance.ts'
import { type HomeSize, LabHome } from './lab-home.ts'
import { LabScores } from './lab-scores.ts'
import type { LabTerminals } from './lab-terminals.ts'
import { LabWorld } from './lab-world.ts'
import type { Gradebook } from './lti/gradebook.ts'
import type { LabNetwork } from './previews/tunnel.ts'
import { notFound, Problem } from './problem.ts'
import type { SessionRecords } from './session-records.ts'
import { StepSaves } from './step-saves.ts'
import type { LearningRecords } from './xapi/learning-records.ts'

/** What the sessions share. */
export interface LabServices {
  /** Where homes are made: `<data>/workspaces`. */
  folder: string
  cloud: ServerCloud
  worlds: Pick<PreparedWorlds, 'create'>
  toolbox: Promise<Toolbox>
  runner: Pick<CheckRunner, 'run'>
  progress: DatabaseProgress
  started: StartedLabs
  hints: Hints
  marks: Marks
  terminals: LabTerminals
  admission: Admission
  /** Who is told of what happens to learners, and who says what they may do. Nobody on a server of one person. */
  classroom?: Pick<Classroom, 'gate' | 'reported' | 'wasReset' | 'pageChanged' | 'hintsOpened'>
  /** Who is told of what learners do. */
  told?: Pick<LearningRecords, 'labStarted' | 'stepPassed'> | undefined
  /** Where it is kept how things went, for a replay. */
  records?: Pick<SessionRecords, 'note' | 'folderOf' | 'days'> | undefined
  /** Who sends results to gradebooks elsewhere. */
  gradebook?: Pick<Gradebook, 'changed'> | undefined
  /** An error that no request waits for. */
  onError(error: unknown): void
}

/** Until a lab's set-up script is given up. */
const SETUP_TIMEOUT_MS = 2 * 60_000

/** Until a step's solution that is run for a learner is given up: clusters take their time. */
const SKIP_TIMEOUT_MS = 10 * 60_000

type Listener = (event: LabEvent) => void

/** One learner at work on one lab: world, home, checks, and the pages that follow. */
export class LabSession {
  readonly #services: LabServices
  readonly #learner: string
  readonly #lab: Lab
  readonly #listeners = new Set<Listener>()
  readonly #overhearing = new Set<Listener>()
  readonly #home: LabHome
  /** The learner's cloud, to look at. */
  readonly world: LabWorld
  readonly #checks: LabChecks
  readonly #entrance: LabEntrance
  readonly #saves: StepSaves
  readonly #scores: LabScores
  /** The step that is done for the learner now: it is nothing that they did. */
  #skipping: string | undefined
  /** Starts and resets happen one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(services: LabServices, learner: string, lab: Lab) {
    this.#services = services
    this.#learner = learner
    this.#lab = lab
    this.#home = new LabHome(join(services.folder, learner, lab.id, 'home'))
    this.#saves = new StepSaves(this.home)
    this.#scores = new LabScores(services.hints, services.marks)
    const { cloud, started, runner, progress, admission, classroom, onError } = services
    this.world = new LabWorld({ cloud, started, learner, lab: lab.id, onError })
    this.#checks = new LabChecks({
      cloud,
      runner,
      progress,
      learner,
      lab,
      home: this.home,
      world: this.world,
      watched: () => this.watched,
      onChecking: (step) => this.#emit({ type: 'checking', step }),
      onEnd: (step) => this.#emit({ type: 'checked', step }),
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
    return this.#home.folder
  }

  /** Whether a page of it is open. */
  get watched(): boolean {
    return this.#listeners.size > 0
  }

  /** What the home holds was measured (bytes). Programs end where it has grown past its quota; what is there stays, and can be deleted. */
  async measured(size: HomeSize): Promise<void> {
    const before = this.#home.full
    if (this.#home.outgrown(size)) await this.#services.terminals.endAll(this.#learner, this.#lab.id)
    this.#home.measured(size)
    if (this.#home.full?.used !== before?.used) await this.#tellState()
  }

  /** Throws a Problem where the home holds as much as it may. */
  assertRoom(): void {
    this.#home.assertRoom()
  }

  async state(): Promise<LabState> {
    const progress = await this.#services.progress.read(this.#learner, this.#lab.id)
    const world = await this.world.find()
    const record = await this.#services.started.find(this.#learner, this.#lab.id)
    const saved = record ? await this.#saves.list(this.#lab.steps.map(({ id }) => id)) : new Set()
    const names = record && (await givenNames(this.home, this.#lab.names))
    const score = record && (await this.#scores.of(this.#learner, this.#lab, progress, record.startedAt))
    const { place } = this.#entrance
    const { classroom, records } = this.#services
    // A cloud that has lost the world (its folder was removed) has to be started anew.
    const started = record !== undefined && (world !== undefined || this.#services.cloud.status !== 'up')
    return {
      id: this.#lab.id,
      title: this.#lab.title,
      started,
      open: started || (await this.#entrance.isOpen()),
      ...(place !== undefined && { waiting: place }),
      ...(this.#home.full && { full: this.#home.full }),
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

  /** Opens another terminal. */
  async openTerminal(): Promise<string> {
    const shell = await this.#shell(await this.world.started())
    return this.#services.terminals.open(this.#learner, this.#lab.id, shell)
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
      const world = await this.world.started()
      const text = await this.#commandsOf(step)
      const shell = await this.#shell(world)
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
  overhear(listener: Listener): { close(): void } {
    this.#overhearing.add(listener)
    this.#greet(listener)
    return { close: () => this.#overhearing.delete(listener) }
  }

  /** Follows the lab until closed. While anybody does, the current step is checked when the world changes. */
  subscribe(listener: Listener): { close(): void } {
    this.#listeners.add(listener)
    this.#pageChanged(1)
    this.#greet(listener)
    this.#checks.follow().catch(this.#services.onError)
    return {
      close: () => {
        if (!this.#listeners.delete(listener)) return
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
      const world = await this.world.started()
      const at = this.#lab.steps.findIndex(({ id }) => id === step)
      const later = this.#lab.steps.slice(at).map(({ id }) => id)
      if (at === -1 || !(await this.#saves.list([step])).has(step))
        throw notFound('The beginning of this step was not kept.', 'Start the lab over instead.')
      const { cloud, terminals, progress } = this.#services
      this.#checks.discard()
      await terminals.endAll(this.#learner, this.#lab.id)
      await this.#saves.restoreWorld(await cloud.client, world.id, step)
      await this.#home.remove(this.#services.onError)
      await this.#saves.restoreHome(step)
      await progress.resetSteps(this.#learner, this.#lab.id, later)
      await this.#services.marks.resetSteps(this.#learner, this.#lab.id, later)
      await this.#saves.forget(later.slice(1))
      this.world.forget()
      return this.#start()
    })
  }

  /** The cloud as it was where a step began. */
  async pictureAtStart(step: string): Promise<StillPicture> {
    const world = await this.world.started()
    const kept = (await this.#saves.list([step])).has(step)
    const picture = kept && (await this.#saves.picture(await this.#services.cloud.client, world.id, step))
    if (!picture) throw notFound('The beginning of this step was not kept.')
    return picture
  }

  /** How the learner's work on the two sides of a lab differs, by what their world recorded. */
  async comparison(): Promise<Comparison> {
    const { compares, steps } = this.#lab
    if (!compares) throw notFound('This lab compares nothing.')
    const { id } = await this.world.started()
    const client = await this.#services.cloud.client
    const kept = await this.#saves.list(steps.map((step) => step.id))
    const [starts, now, calls, { resources }] = await Promise.all([
      Promise.all(
        steps
          .filter((step) => kept.has(step.id))
          .map(async (step) => ({ step: step.id, picture: await this.#saves.picture(client, id, step.id) })),
      ),
      this.world.pictureNow(),
      this.world.timeline(),
      this.world.costs(),
    ])
    return compare(compares, {
      starts: starts.flatMap(({ step, picture }) => (picture ? [{ step, ...picture }] : [])),
      now,
      calls,
      resources,
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

  /** The lab network as this lab's terminals have it. */
  async network(): Promise<LabNetwork> {
    const { proxyUrl, caFile } = await this.world.started()
    const { workspace } = this.#services.terminals
    return {
      proxyUrl,
      caFile,
      ...(workspace.dial && { dial: (port) => workspace.dial!(this.home, port) }),
    }
  }

  /** Changes how fast the world's time goes, or moves it until nothing is on its way any more. */
  async setClock(change: { speed: number } | { untilReady: true }): Promise<LabState> {
    await this.world.setClock(change)
    const { clock } = await this.world.started()
    this.#note({ kind: 'clock', world: clock.now, speed: clock.speed })
    return this.#tellState()
  }

  /** The learner's files, and where they are. */
  async files(): Promise<{ home: string; files: WorkspaceFiles }> {
    await this.world.started()
    return { home: this.home, files: new WorkspaceFiles(this.home, [this.#lab.files]) }
  }

  /** The cloud process went away or came back. */
  cloudStatus(status: CloudStatus): void {
    this.#emit({ type: 'cloud', status })
    if (status !== 'up') return
    this.#tellState().catch(this.#services.onError)
    this.#checks.follow().catch(this.#services.onError)
  }

  tellClosing(): void {
    this.#emit({ type: 'closing' })
  }

  close(): void {
    this.#checks.stop()
    this.#listeners.clear()
    this.#overhearing.clear()
  }

  async #forget(): Promise<void> {
    const { cloud, terminals, progress, started, classroom } = this.#services
    this.#checks.discard()
    const record = await started.find(this.#learner, this.#lab.id)
    await terminals.endAll(this.#learner, this.#lab.id)
    const client = await cloud.client
    if (record && (await client.world(record.world))) await client.deleteWorld(record.world)
    this.world.forget()
    await this.#home.remove(this.#services.onError)
    await this.#saves.forget(this.#lab.steps.map(({ id }) => id))
    await started.delete(this.#learner, this.#lab.id)
    await progress.reset(this.#learner, this.#lab.id)
    await this.#services.hints.reset(this.#learner, this.#lab.id)
    await this.#services.marks.resetSteps(
      this.#learner,
      this.#lab.id,
      this.#lab.steps.map(({ id }) => id),
    )
    await classroom?.wasReset(this.#learner, this.#lab.id)
  }

  async #start(): Promise<LabState> {
    const { cloud, worlds, toolbox, started, terminals } = this.#services
    await Promise.all([toolbox, cloud.client])
    const record = await started.find(this.#learner, this.#lab.id)
    const id = record?.world ?? this.#entrance.world
    const { world, files } = await worlds.create(this.#lab.start, {
      id,
      home: this.home,
      accounts: this.#lab.accounts,
      region: this.#lab.account?.region,
    })
    this.world.made(world)
    await makeHome({ home: this.home, world, files: [files, this.#lab.files] })
    const shell = await this.#shell(world)
    if (!record) {
      const startedAt = Date.now()
      // Another attempt gets other names.
      await giveNames(this.home, this.#lab.names, `${world.id} ${startedAt}`)
      await furnishAccount(world, this.#lab.account)
      await this.#setUp(world, shell.environment)
      await started.put(this.#learner, this.#lab.id, { world: world.id, startedAt })
      this.#note({ kind: 'started' })
      this.#services.told?.labStarted(this.#learner, this.#lab, startedAt)
      await this.#keepBeginning(this.#lab.steps[0]?.id)
    }
    if ((await terminals.list(this.#learner, this.#lab.id)).length === 0) {
      await terminals.open(this.#learner, this.#lab.id, shell)
    }
    const state = await this.#tellState()
    if (this.watched) await this.#checks.follow()
    return state
  }

  #pageChanged(change: 1 | -1): void {
    this.#services.classroom?.pageChanged(this.#learner, this.#lab.id, change).catch(this.#services.onError)
  }

  /** Runs the script that makes what the lab begins with out of its start. A lab whose script fails is not started: the next try begins anew. */
  async #setUp(world: WorldInfo, env: Record<string, string>): Promise<void> {
    const { setup } = this.#lab
    if (!setup) return
    const script = await runScript({ file: setup, cwd: this.home, env, timeout: SETUP_TIMEOUT_MS })
    if (script.code === 0) return
    this.#services.onError(new Error(`${setup} ended with ${script.code}:\n${script.output}`))
    await this.#home.remove(this.#services.onError)
    const client = await this.#services.cloud.client
    await client.deleteWorld(world.id)
    this.world.forget()
    throw new Problem(500, {
      code: 'setup-failed',
      what: 'The lab could not be prepared.',
      why: script.timedOut ? 'Its preparation took too long.' : 'A command of its preparation failed.',
      next: 'Start it again. If it stays so, the log of Drydock says which command failed.',
    })
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
    this.#emit({ type: 'report', report })
    if (report.status === 'passed') await this.#keepBeginning(currentStep(this.#lab.steps, after)?.id)
    const state = await this.state()
    if (isFirstPass && own) told?.stepPassed(this.#learner, this.#lab, report.step, state)
    if (isFirstPass) gradebook?.changed(this.#learner, this.#lab.id)
    this.#emit({ type: 'state', state })
  }

  /** Notes what else was changed or broken by now, in a scored lab. */
  async #mark(step: string): Promise<void> {
    const world = await this.world.find()
    const first = this.#lab.steps[0]?.id
    if (!this.#lab.scored || !world || first === undefined) return
    const names = (await givenNames(this.home, this.#lab.names)) ?? {}
    const cloud = await this.#services.cloud.client
    const at = { cloud, world: world.id, save: this.#saves.nameOf(first), names }
    await this.#scores.mark(this.#learner, this.#lab, step, at).catch(this.#services.onError)
  }

  /** Keeps the present state as the one in which a step begins, so that one can come back to it. */
  async #keepBeginning(step: string | undefined): Promise<void> {
    const world = await this.world.find()
    if (step === undefined || !world) return
    const client = await this.#services.cloud.client
    await this.#saves.keep(client, world.id, step).catch((error) => {
      // Then there is no way back to this step; all else goes on.
      if (!(error instanceof FolderTooLarge)) throw error
      this.#services.onError(error)
    })
  }

  /** A shell in the world and the home. */
  async #shell(world: WorldInfo): Promise<ShellOptions> {
    const toolbox = await this.#services.toolbox
    const environment = shellEnvironment({ world, toolbox, home: this.home })
    const recording = this.#services.records?.folderOf(this.#learner, this.#lab.id)
    return { home: this.home, environment, world, toolbox, ...(recording !== undefined && { recording }) }
  }

  #note(moment: Moment): void {
    this.#services.records?.note(this.#learner, this.#lab.id, moment)
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task, task)
    this.#last = result.catch(() => {})
    return result
  }

  #greet(listener: Listener): void {
    listener({ type: 'cloud', status: this.#services.cloud.status })
    this.state().then((state) => listener({ type: 'state', state }), this.#services.onError)
  }

  async #tellState(): Promise<LabState> {
    const state = await this.state()
    this.#emit({ type: 'state', state })
    return state
  }

  #emit(event: LabEvent): void {
    for (const listener of this.#listeners) listener(event)
    for (const listener of this.#overhearing) listener(event)
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
