import { createHash } from 'node:crypto'
import { readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AutoCheck } from '#checks/auto-check.ts'
import type { CheckReport } from '#checks/finding.ts'
import { currentStep, stepStatus } from '#checks/progress.ts'
import type { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget } from '#checks/target.ts'
import type { Classroom } from '#classroom/classroom.ts'
import type { CloudStatus, PartDetails, PictureChange, WorldInfo } from '#cloud/api.ts'
import type { Hints } from '#database/hints.ts'
import type { StartedLabs } from '#database/labs.ts'
import type { Marks } from '#database/marks.ts'
import type { DatabaseProgress } from '#database/progress.ts'
import type { Lab } from '#labs/lab.ts'
import { giveNames, givenNames } from '#labs/names.ts'
import { furnishAccount } from '#labs/overlay/account.ts'
import { runScript } from '#labs/shell.ts'
import type { PreparedWorlds } from '#labs/starts.ts'
import { FolderTooLarge } from '#workspace/copy-folder.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { WorkspaceFiles } from '#workspace/files.ts'
import { makeHome } from '#workspace/home.ts'
import type { Toolbox } from '#workspace/tools/install.ts'
import type { Admission } from './admission.ts'
import type { CostReport, Door, LabEvent, LabState, Part, StillPicture, TimelineCall } from './api.ts'
import type { ServerCloud } from './cloud.ts'
import { LabScores } from './lab-scores.ts'
import type { LabTerminals } from './lab-terminals.ts'
import { followTimeline } from './lab-timeline.ts'
import type { LabNetwork } from './previews/tunnel.ts'
import { notFound, Problem } from './problem.ts'
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
  /** An error that no request waits for. */
  onError(error: unknown): void
}

/** Until a lab's set-up script is given up. */
const SETUP_TIMEOUT_MS = 2 * 60_000

/** Until a step's solution that is run for a learner is given up: clusters take their time. */
const SKIP_TIMEOUT_MS = 10 * 60_000

/** So long (ms) a place in the line is kept for somebody whose page is gone: it may only be loading anew. */
const PLACE_KEPT_MS = 30_000

/** By so much (bytes) a full home may grow before its programs are ended again: what a shell writes that is opened to clear up. */
const FULL_SLACK = 1024 * 1024

/** How far (virtual ms) “until ready” goes at most: longer than anything takes on AWS to be provisioned. */
const UNTIL_READY_LIMIT_MS = 60 * 60_000

type Listener = (event: LabEvent) => void

/** One learner at work on one lab: world, home, checks, and the pages that follow. */
export class LabSession {
  readonly #services: LabServices
  readonly #learner: string
  readonly #lab: Lab
  readonly #listeners = new Set<Listener>()
  readonly #overhearing = new Set<Listener>()
  readonly #checks = new Map<string, Promise<CheckReport>>()
  readonly home: string
  readonly #saves: StepSaves
  readonly #scores: LabScores
  #world: WorldInfo | undefined
  #auto: AutoCheck | undefined
  /** The step that is checked by itself. */
  #following: string | undefined
  /** What the home holds, while it is more than it may. */
  #full: LabState['full']
  /** What it held when its programs were ended, bytes. */
  #fullSince: number | undefined
  /** The step that is done for the learner now: it is nothing that they did. */
  #skipping: string | undefined
  /** Counts resets: a check that was begun before one says nothing any more. */
  #generation = 0
  /** Starts and resets happen one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(services: LabServices, learner: string, lab: Lab) {
    this.#services = services
    this.#learner = learner
    this.#lab = lab
    this.home = join(services.folder, learner, lab.id, 'home')
    this.#saves = new StepSaves(this.home)
    this.#scores = new LabScores(services.hints, services.marks)
  }

  /** Whether a page of it is open. */
  get watched(): boolean {
    return this.#listeners.size > 0
  }

  /** What the home holds was measured (bytes). Programs end where it has grown past its quota; what is there stays, and can be deleted. */
  async measured({ used, quota }: { used: number; quota: number }): Promise<void> {
    const before = this.#full
    this.#full = used > quota ? { used, quota } : undefined
    if (!this.#full) this.#fullSince = undefined
    else if (this.#fullSince === undefined || used > this.#fullSince + FULL_SLACK) {
      this.#fullSince = used
      await this.#services.terminals.endAll(this.#learner, this.#lab.id)
    } else this.#fullSince = Math.min(this.#fullSince, used)
    if (this.#full?.used !== before?.used) this.#emit({ type: 'state', state: await this.state() })
  }

  /** Throws a Problem where the home holds as much as it may. */
  assertRoom(): void {
    if (!this.#full) return
    const mib = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MiB`
    throw new Problem(507, {
      code: 'home-full',
      what: 'Your home folder is full.',
      why: `It holds ${mib(this.#full.used)} of the ${mib(this.#full.quota)} that it may.`,
      next: 'Delete what you no longer need.',
    })
  }

  async state(): Promise<LabState> {
    const progress = await this.#services.progress.read(this.#learner, this.#lab.id)
    const world = await this.#findWorld()
    const record = await this.#services.started.find(this.#learner, this.#lab.id)
    const saved = record ? await this.#saves.list(this.#lab.steps.map(({ id }) => id)) : new Set()
    // A cloud that has lost the world (its folder was removed) has to be started anew.
    const names = record && (await givenNames(this.home, this.#lab.names))
    const score = record && (await this.#scores.of(this.#learner, this.#lab, progress, record.startedAt))
    const place = this.#services.admission.place(this.#worldId())
    const started = record !== undefined && (world !== undefined || this.#services.cloud.status !== 'up')
    return {
      id: this.#lab.id,
      title: this.#lab.title,
      started,
      open: started || (await this.#isOpen()),
      ...(place !== undefined && { waiting: place }),
      ...(this.#full && { full: this.#full }),
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
      await this.#assertOpen()
      const known = await this.#services.started.find(this.#learner, this.#lab.id)
      if (!known && !this.#mayEnter()) return this.state()
      return this.#start().catch((error) => {
        if (!known) this.#services.admission.leave(this.#worldId())
        throw error
      })
    })
  }

  /** Ends and forgets everything of this lab, then starts anew. */
  reset(): Promise<LabState> {
    return this.#inTurn(async () => {
      await this.#forget()
      return this.#start()
    })
  }

  /** Ends and forgets everything of this lab. */
  forget(): Promise<void> {
    return this.#inTurn(() => this.#forget())
  }

  /** Opens another terminal. */
  async openTerminal(): Promise<string> {
    const world = await this.#startedWorld()
    const toolbox = await this.#services.toolbox
    return this.#services.terminals.open(this.#learner, this.#lab.id, {
      home: this.home,
      environment: shellEnvironment({ world, toolbox, home: this.home }),
      world,
      toolbox,
    })
  }

  /** Runs a step's check; a run under way is joined. */
  async check(step: string): Promise<CheckReport> {
    if (!this.#lab.steps.some(({ id }) => id === step)) throw notFound(`This lab has no step "${step}".`)
    await this.#startedWorld()
    const report = await this.#run(step)
    await this.#follow()
    return report
  }

  /** Does a step for the learner, by its own solution in their world. Throws a Problem when the check does not pass then. */
  skip(step: string): Promise<void> {
    return this.#inTurn(async () => {
      const world = await this.#startedWorld()
      const { text } = await this.solution(step)
      const toolbox = await this.#services.toolbox
      const environment = shellEnvironment({ world, toolbox, home: this.home })
      const shell = { home: this.home, environment, world, toolbox }
      this.#skipping = step
      const solve = async () => {
        const code = await this.#services.terminals.run(shell, text, SKIP_TIMEOUT_MS)
        // What ran before the solution did says nothing of it.
        await this.#checks.get(step)
        return { code, ...(await this.#run(step)) }
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
        next: 'Put the step back to its beginning for them, or skip the steps before it first.',
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
    this.#follow().catch(this.#services.onError)
    return {
      close: () => {
        if (!this.#listeners.delete(listener)) return
        this.#pageChanged(-1)
        if (this.#listeners.size > 0) return
        this.#auto?.stop()
        this.#auto = undefined
        setTimeout(() => {
          if (this.#listeners.size === 0 && this.#waits()) this.#services.admission.leave(this.#worldId())
        }, PLACE_KEPT_MS).unref()
      },
    }
  }

  /** How to follow the live picture of the learner's cloud. */
  async picture(): Promise<(listener: (change: PictureChange) => void) => { close(): void }> {
    const world = await this.#startedWorld()
    const client = await this.#services.cloud.client
    return (listener) => client.picture(world.id, listener)
  }

  /** A part of the picture in full. Throws a Problem when it is not there (any more). */
  async part(id: string): Promise<PartDetails> {
    const world = await this.#startedWorld()
    const details = await (await this.#services.cloud.client).part(world.id, id)
    if (!details) throw notFound('This is not there any more.', 'Look at the picture: it shows what is.')
    return details
  }

  /** Puts world, home and progress back to where a step began, with new terminals. Throws a Problem when that was not kept. */
  resetStep(step: string): Promise<LabState> {
    return this.#inTurn(async () => {
      const world = await this.#startedWorld()
      const at = this.#lab.steps.findIndex(({ id }) => id === step)
      const later = this.#lab.steps.slice(at).map(({ id }) => id)
      if (at === -1 || !(await this.#saves.list([step])).has(step))
        throw notFound('The beginning of this step was not kept.', 'Start the lab over instead.')
      const { cloud, terminals, progress } = this.#services
      this.#generation++
      this.#auto?.stop()
      this.#auto = undefined
      this.#following = undefined
      await terminals.endAll(this.#learner, this.#lab.id)
      await this.#saves.restoreWorld(await cloud.client, world.id, step)
      await this.#removeHome()
      await this.#saves.restoreHome(step)
      await progress.resetSteps(this.#learner, this.#lab.id, later)
      await this.#services.marks.resetSteps(this.#learner, this.#lab.id, later)
      await this.#saves.forget(later.slice(1))
      this.#world = undefined
      return this.#start()
    })
  }

  /** The cloud as it is now. */
  async pictureNow(): Promise<Part[]> {
    const world = await this.#startedWorld()
    const client = await this.#services.cloud.client
    return new Promise((resolve) => {
      const following = client.picture(world.id, ({ put }) => {
        resolve(put)
        queueMicrotask(() => following.close())
      })
    })
  }

  /** The cloud as it was where a step began. */
  async pictureAtStart(step: string): Promise<StillPicture> {
    const world = await this.#startedWorld()
    const kept = (await this.#saves.list([step])).has(step)
    const picture = kept && (await this.#saves.picture(await this.#services.cloud.client, world.id, step))
    if (!picture) throw notFound('The beginning of this step was not kept.')
    return picture
  }

  /** The cloud as it was just after a call, by its number. */
  async pictureThen(call: number): Promise<StillPicture> {
    const world = await this.#startedWorld()
    const picture = await (await this.#services.cloud.client).pictureThen(world.id, call)
    if (!picture) throw notFound('So much of the past is not kept.', 'Look at a later moment.')
    return picture
  }

  /** The commands that do a step. */
  async solution(id: string): Promise<{ text: string }> {
    const step = this.#lab.steps.find((one) => one.id === id)
    if (!step) throw notFound(`This lab has no step "${id}".`)
    await this.#startedWorld()
    if (this.#lab.scored) await this.hintsOpened(id, step.hints.length + 1)
    return { text: step.solution ? await readFile(step.solution.file, 'utf8') : step.commands }
  }

  /** The learner has opened so many hints of a step; its solution counts as one more than all. */
  async hintsOpened(step: string, opened: number): Promise<void> {
    if (!this.#lab.steps.some(({ id }) => id === step)) throw notFound(`This lab has no step "${step}".`)
    const { hints, classroom } = this.#services
    if (!(await hints.open(this.#learner, this.#lab.id, step, opened))) return
    await classroom?.hintsOpened(this.#learner, this.#lab.id, step, opened)
    if (this.#lab.scored) this.#emit({ type: 'state', state: await this.state() })
  }

  async timeline(): Promise<TimelineCall[]> {
    const world = await this.#startedWorld()
    return (await this.#services.cloud.client).timeline(world.id)
  }

  /** The lab network as this lab's terminals have it. */
  async network(): Promise<LabNetwork> {
    const { proxyUrl, caFile } = await this.#startedWorld()
    const { workspace } = this.#services.terminals
    return {
      proxyUrl,
      caFile,
      ...(workspace.dial && { dial: (port) => workspace.dial!(this.home, port) }),
    }
  }

  /** What in the world answers browsers. */
  async doors(): Promise<Door[]> {
    const world = await this.#startedWorld()
    return (await this.#services.cloud.client).doors(world.id)
  }

  /** How to follow the calls of the learner's world. */
  async followTimeline(): Promise<(listener: (calls: TimelineCall[]) => void) => { close(): void }> {
    const world = await this.#startedWorld()
    const client = await this.#services.cloud.client
    return (listener) => followTimeline(client, world, listener, this.#services.onError)
  }

  /** What the learner's resources would cost on AWS. */
  async costs(): Promise<CostReport> {
    const world = await this.#startedWorld()
    return (await this.#services.cloud.client).costs(world.id)
  }

  /** Changes how fast the world's time goes, or moves it until nothing is on its way any more. */
  async setClock(change: { speed: number } | { untilReady: true }): Promise<LabState> {
    const world = await this.#startedWorld()
    const client = await this.#services.cloud.client
    if ('speed' in change) await client.setSpeed(world.id, change.speed)
    else await client.untilReady(world.id, UNTIL_READY_LIMIT_MS)
    this.#world = await client.world(world.id)
    const state = await this.state()
    this.#emit({ type: 'state', state })
    return state
  }

  /** The learner's files, and where they are. */
  async files(): Promise<{ home: string; files: WorkspaceFiles }> {
    await this.#startedWorld()
    return { home: this.home, files: new WorkspaceFiles(this.home, [this.#lab.files]) }
  }

  /** The schemas that a cluster of the learner's serves for an `apiVersion`. */
  async schemas(apiVersion: string): Promise<Record<string, object> | undefined> {
    const world = await this.#startedWorld()
    return (await this.#services.cloud.client).schemas(world.id, apiVersion)
  }

  /** The cloud process went away or came back. */
  cloudStatus(status: CloudStatus): void {
    this.#emit({ type: 'cloud', status })
    if (status !== 'up') return
    this.state().then((state) => this.#emit({ type: 'state', state }), this.#services.onError)
    this.#follow().catch(this.#services.onError)
  }

  tellClosing(): void {
    this.#emit({ type: 'closing' })
  }

  close(): void {
    this.#auto?.stop()
    this.#listeners.clear()
    this.#overhearing.clear()
  }

  async #forget(): Promise<void> {
    this.#full = undefined
    const { cloud, terminals, progress, started, classroom } = this.#services
    this.#generation++
    this.#auto?.stop()
    this.#auto = undefined
    const record = await started.find(this.#learner, this.#lab.id)
    await terminals.endAll(this.#learner, this.#lab.id)
    const client = await cloud.client
    if (record && (await client.world(record.world))) await client.deleteWorld(record.world)
    this.#world = undefined
    await this.#removeHome()
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
    const [tools] = await Promise.all([toolbox, cloud.client])
    const record = await started.find(this.#learner, this.#lab.id)
    const id = record?.world ?? this.#worldId()
    const { world, files } = await worlds.create(this.#lab.start, {
      id,
      home: this.home,
      accounts: this.#lab.accounts,
      region: this.#lab.account?.region,
    })
    this.#world = world
    await makeHome({ home: this.home, world, files: [files, this.#lab.files] })
    if (!record) {
      const startedAt = Date.now()
      // Another attempt gets other names.
      await giveNames(this.home, this.#lab.names, `${world.id} ${startedAt}`)
      await furnishAccount(world, this.#lab.account)
      await this.#setUp(shellEnvironment({ world, toolbox: tools, home: this.home }))
      await started.put(this.#learner, this.#lab.id, { world: world.id, startedAt })
      this.#services.told?.labStarted(this.#learner, this.#lab, startedAt)
      await this.#keepBeginning(this.#lab.steps[0]?.id)
    }
    if ((await terminals.list(this.#learner, this.#lab.id)).length === 0) {
      const environment = shellEnvironment({ world, toolbox: tools, home: this.home })
      await terminals.open(this.#learner, this.#lab.id, {
        home: this.home,
        environment,
        world,
        toolbox: tools,
      })
    }
    const state = await this.state()
    this.#emit({ type: 'state', state })
    if (this.#listeners.size > 0) await this.#follow()
    return state
  }

  #waits(): boolean {
    return this.#services.admission.place(this.#worldId()) !== undefined
  }

  /** Whether it may be started now; else it stands in line, and starts when it is its turn. */
  #mayEnter(): boolean {
    const tell = () => this.state().then((state) => this.#emit({ type: 'state', state }))
    return this.#services.admission.ask({
      world: this.#worldId(),
      moved: () => void tell().catch(this.#services.onError),
      admitted: () => void this.start().catch((error) => tell().finally(() => this.#services.onError(error))),
    })
  }

  /** A lab that was started stays open: nobody is sent away from their work. */
  async #assertOpen(): Promise<void> {
    if (await this.#isOpen()) return
    if (await this.#services.started.find(this.#learner, this.#lab.id)) return
    throw new Problem(403, {
      code: 'lab-not-open',
      what: 'This lab is not open yet.',
      why: 'Your instructor opens the labs of your course one after another.',
      next: 'Wait for it here: the page tells you when it opens.',
    })
  }

  async #isOpen(): Promise<boolean> {
    const { classroom } = this.#services
    return classroom === undefined || (await classroom.gate.isOpen(this.#learner, this.#lab.id))
  }

  #pageChanged(change: 1 | -1): void {
    this.#services.classroom?.pageChanged(this.#learner, this.#lab.id, change).catch(this.#services.onError)
  }

  /** Runs the script that makes what the lab begins with out of its start. A lab whose script fails is not started: the next try begins anew. */
  async #setUp(env: Record<string, string>): Promise<void> {
    const { setup } = this.#lab
    if (!setup) return
    const script = await runScript({ file: setup, cwd: this.home, env, timeout: SETUP_TIMEOUT_MS })
    if (script.code === 0) return
    this.#services.onError(new Error(`${setup} ended with ${script.code}:\n${script.output}`))
    await this.#removeHome()
    const client = await this.#services.cloud.client
    await client.deleteWorld(this.#world!.id)
    this.#world = undefined
    throw new Problem(500, {
      code: 'setup-failed',
      what: 'The lab could not be prepared.',
      why: script.timedOut ? 'Its preparation took too long.' : 'A command of its preparation failed.',
      next: 'Start it again. If it stays so, the log of Drydock says which command failed.',
    })
  }

  /** Lets the current step be checked by itself while somebody looks. */
  async #follow(): Promise<void> {
    const world = await this.#findWorld()
    if (!world || this.#listeners.size === 0 || this.#services.cloud.status !== 'up') return
    const progress = await this.#services.progress.read(this.#learner, this.#lab.id)
    const step = currentStep(this.#lab.steps, progress)
    if (!step) {
      this.#auto?.stop()
      this.#auto = undefined
      this.#following = undefined
      return
    }
    if (this.#auto && this.#following === step.id) return
    const client = await this.#services.cloud.client
    this.#auto ??= new AutoCheck({
      cloud: client,
      worldId: world.id,
      home: this.home,
      run: (id, signal) => this.#runOnly(id, signal),
      onChecking: (id) => this.#emit({ type: 'checking', step: id }),
      onReport: (report) => {
        this.#record(report)
          .then(() => this.#follow())
          .catch(this.#services.onError)
      },
      onError: this.#services.onError,
    })
    this.#following = step.id
    this.#auto.follow(step)
  }

  #run(step: string): Promise<CheckReport> {
    const running = this.#checks.get(step)
    if (running) return running
    this.#emit({ type: 'checking', step })
    const generation = this.#generation
    const run = this.#runOnly(step)
      .then(async (report) => {
        if (generation === this.#generation) await this.#record(report)
        return report
      })
      .finally(() => this.#checks.delete(step))
    this.#checks.set(step, run)
    return run
  }

  async #runOnly(step: string, signal?: AbortSignal): Promise<CheckReport> {
    const world = await this.#startedWorld()
    const { id: lab, checker, rules } = this.#lab
    return this.#services.runner.run(
      { lab, step, checker, target: simulatedTarget(world), home: this.home, ...(rules && { rules }) },
      signal,
    )
  }

  async #record(report: CheckReport): Promise<void> {
    const { progress, classroom, told } = this.#services
    const after = await progress.record(this.#learner, report)
    const { since, passedAt } = after[report.step]!
    const isFirstPass = report.status === 'passed' && passedAt === report.at
    const own = this.#skipping !== report.step
    if (isFirstPass) await this.#mark(report.step)
    await classroom?.reported(this.#learner, report, since!, passedAt)
    this.#emit({ type: 'report', report })
    if (report.status === 'passed') await this.#keepBeginning(currentStep(this.#lab.steps, after)?.id)
    const state = await this.state()
    if (isFirstPass && own) told?.stepPassed(this.#learner, this.#lab, report.step, state)
    this.#emit({ type: 'state', state })
  }

  /** Notes what else was changed or broken by now, in a scored lab. */
  async #mark(step: string): Promise<void> {
    const world = await this.#findWorld()
    const first = this.#lab.steps[0]?.id
    if (!this.#lab.scored || !world || first === undefined) return
    const names = (await givenNames(this.home, this.#lab.names)) ?? {}
    const cloud = await this.#services.cloud.client
    const at = { cloud, world: world.id, save: this.#saves.nameOf(first), names }
    await this.#scores.mark(this.#learner, this.#lab, step, at).catch(this.#services.onError)
  }

  /** Keeps the present state as the one in which a step begins, so that one can come back to it. */
  async #keepBeginning(step: string | undefined): Promise<void> {
    const world = await this.#findWorld()
    if (step === undefined || !world) return
    const client = await this.#services.cloud.client
    await this.#saves.keep(client, world.id, step).catch((error) => {
      // Then there is no way back to this step; all else goes on.
      if (!(error instanceof FolderTooLarge)) throw error
      this.#services.onError(error)
    })
  }

  /** The world, if the lab is started and the cloud is there to ask. */
  async #findWorld(): Promise<WorldInfo | undefined> {
    const record = await this.#services.started.find(this.#learner, this.#lab.id)
    if (!record) return undefined
    if (this.#world || this.#services.cloud.status !== 'up') return this.#world
    const client = await this.#services.cloud.client
    this.#world = await client.world(record.world)
    return this.#world
  }

  async #startedWorld(): Promise<WorldInfo> {
    await this.#services.cloud.client
    const world = await this.#findWorld()
    if (world) return world
    throw new Problem(409, {
      code: 'not-started',
      what: 'This lab has not been started.',
      next: 'Press "Start the lab" first.',
    })
  }

  /** Renamed first, so that a new home can be made while the old one, which may be large, goes. */
  async #removeHome(): Promise<void> {
    const gone = `${this.home}.${Date.now()}.old`
    await rename(this.home, gone).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    rm(gone, { recursive: true, force: true }).catch(this.#services.onError)
  }

  /** The same for the same learner and lab, and a valid name whatever the learner's id is. */
  #worldId(): string {
    const hash = createHash('sha256').update(`${this.#learner}\0${this.#lab.id}`).digest('hex').slice(0, 12)
    return `${this.#lab.id.slice(0, 40)}-${hash}`
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

  #emit(event: LabEvent): void {
    for (const listener of this.#listeners) listener(event)
    for (const listener of this.#overhearing) listener(event)
  }
}
