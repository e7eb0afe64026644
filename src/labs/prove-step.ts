import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CheckReport, Finding } from '#checks/finding.ts'
import type { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget, type Target } from '#checks/target.ts'
import type { Lab, LabStep, Mistake } from './lab.ts'
import { MINIMUM_MISTAKES, type Proof, type ProofKind } from './proof.ts'
import type { Scene } from './scene.ts'
import type { ScriptResult } from './shell.ts'
import type { Slots } from './slots.ts'

/** Until a copy, or what a text's commands leave, is taken as it is, and how often it is looked at. */
const SETTLE_LIMIT_MS = 30_000
const SETTLE_POLL_MS = 200
/** How long the check must say the same. */
const STEADY_MS = 1_000

/** Whether the commands of a step's text are proven apart from its solution. */
export const provesText = (step: LabStep) => step.solution !== undefined && !step.challenge

export interface StepProverOptions {
  lab: Lab
  step: LabStep
  /** In the state before the step. */
  scene: Scene
  /** Folder with the steps' solutions and the commands of their texts. */
  scripts: string
  runner: CheckRunner
  run(script: { file: string }, scene: Scene): Promise<ScriptResult>
  /** How long a copy may take until its processes are up, and what a text's commands have begun until it is done, in ms. Default 30 s. */
  settleLimit?: number
  onProof(proof: Proof): void
}

type Problem = Pick<Proof, 'problem' | 'findings' | 'output'>

/** Proves the check of one step. */
export class StepProver {
  readonly #options: StepProverOptions
  readonly #before: string
  readonly #after: string
  /** What the check finds wrong before the step. */
  #verdictBefore: string | undefined

  constructor(options: StepProverOptions) {
    this.#options = options
    this.#before = `before-${options.step.id}`
    this.#after = `after-${options.step.id}`
  }

  /** Runs the solution without proving anything. False when it fails, and no later step can be proven. */
  async advance(): Promise<boolean> {
    const { scene, run } = this.#options
    const script = await run({ file: this.#solution }, scene)
    if (script.code !== 0)
      this.#report('solution', 'the solution runs', script.duration, scriptProblem(script))
    return script.code === 0
  }

  /** Proves what the scene goes through anyway, and saves the states before and after. False when the solution does not work. */
  async proveSolution(): Promise<boolean> {
    const { scene, step } = this.#options
    this.#proveEnoughMistakes()
    await this.#proveFailsBefore()
    await scene.save(this.#before)
    if (!(await this.#provePasses('solution', { name: step.id, file: this.#solution }, scene))) return false
    await this.#provePassesTwice()
    await scene.save(this.#after)
    return true
  }

  /** The proofs that go on from the save points, each in a place and a world of its own. */
  proveOthers(slots: Slots): Promise<void>[] {
    const { step, scripts } = this.#options
    const { alternatives, mistakes, id } = step
    const text = { name: `${id}.text`, file: join(scripts, `${id}.text.sh`) }
    return [
      ...(provesText(step)
        ? [() => this.#inFork('before', (fork) => this.#provePasses('text', text, fork))]
        : []),
      ...alternatives.map(
        (other) => () => this.#inFork('before', (fork) => this.#provePasses('alternative', other, fork)),
      ),
      ...mistakes.map(
        (mistake) => () => this.#inFork(mistake.from, (fork) => this.#proveMistake(mistake, fork)),
      ),
    ].map((proof) => slots.run('later', proof))
  }

  get #solution(): string {
    return join(this.#options.scripts, `${this.#options.step.id}.sh`)
  }

  async #inFork(state: 'before' | 'after', proof: (scene: Scene) => Promise<unknown>): Promise<void> {
    const fork = await this.#options.scene.fork(state === 'before' ? this.#before : this.#after)
    try {
      await this.#settle(fork, state === 'before' ? this.#verdictBefore : undefined)
      await proof(fork)
    } finally {
      await fork.close()
    }
  }

  /** Waits until a copy of a state is as that was, its processes started anew: until the check says the same of it. */
  async #settle(scene: Scene, verdict: string | undefined): Promise<void> {
    const end = performance.now() + (this.#options.settleLimit ?? SETTLE_LIMIT_MS)
    const same = async () => failure(await this.#check(scene))?.id === verdict
    // Twice: at first what is stored still shows the time before the processes went away.
    for (let steady = false; performance.now() < end; ) {
      const before = steady
      steady = await same()
      if (before && steady) return
      await delay(steady ? STEADY_MS : SETTLE_POLL_MS)
    }
  }

  #proveEnoughMistakes(): void {
    const { lab, step } = this.#options
    const { length } = step.mistakes
    const problem =
      length < MINIMUM_MISTAKES
        ? { problem: `it has ${length}; write ${lab.folder}/mistakes/${step.id}/<name>.sh` }
        : undefined
    this.#report('enough-mistakes', `has at least ${MINIMUM_MISTAKES} named mistakes`, 0, problem)
  }

  async #proveFailsBefore(): Promise<void> {
    const report = await this.#check(this.#options.scene)
    this.#verdictBefore = failure(report)?.id
    this.#report(
      'fails-before',
      `fails before the step (${failure(report)?.id ?? 'no finding'})`,
      report.duration,
      report.status === 'failed' ? undefined : verdict(report, 'the check must fail before the work is done'),
    )
  }

  async #provePasses(
    kind: 'solution' | 'text' | 'alternative',
    solution: { name: string; file: string },
    scene: Scene,
  ): Promise<boolean> {
    const title = {
      solution: 'passes after the solution',
      text: 'passes after the commands of its text',
      alternative: `passes after ${solution.name}`,
    }[kind]
    const script = await this.#options.run(solution, scene)
    if (script.code !== 0) {
      this.#report(kind, title, script.duration, scriptProblem(script), solution.name)
      return false
    }
    // A text is typed by a person, who takes longer; a script says itself when it is done.
    const report = await (kind === 'text' ? this.#checkUntilPassed(scene) : this.#check(scene))
    const problem =
      report.status === 'passed'
        ? undefined
        : { ...verdict(report, 'the check must pass'), output: script.output }
    this.#report(kind, title, script.duration + report.duration, problem, solution.name)
    return report.status === 'passed'
  }

  /**
   * Once more, and as for a real account: the check is told nothing but `--target aws` and finds account, registries and
   * clusters by the environment and the files of the learner's shell.
   */
  async #provePassesTwice(): Promise<void> {
    const report = await this.#check(this.#options.scene, { kind: 'aws' })
    this.#report(
      'passes-twice',
      'passes again, asked as a real account',
      report.duration,
      report.status === 'passed' ? undefined : verdict(report, 'the check passed once and must pass again'),
    )
  }

  async #proveMistake(mistake: Mistake, scene: Scene): Promise<void> {
    const title = `${mistake.name} gives ${mistake.finding}`
    const script = await this.#options.run(mistake, scene)
    if (script.code !== 0) {
      return this.#report('mistake', title, script.duration, scriptProblem(script), mistake.name)
    }
    const report = await this.#check(scene)
    const failed = report.findings.filter(({ status }) => status === 'failed').map(({ id }) => id)
    const exact = report.status === 'failed' && failed.length === 1 && failed[0] === mistake.finding
    const problem = exact
      ? undefined
      : { ...verdict(report, `it must fail with ${mistake.finding} and nothing else`), output: script.output }
    this.#report('mistake', title, script.duration + report.duration, problem, mistake.name)
  }

  /** The first report that passes, or the last: what commands have begun may go on for a while, and a page checks again. */
  async #checkUntilPassed(scene: Scene): Promise<CheckReport> {
    const end = performance.now() + (this.#options.settleLimit ?? SETTLE_LIMIT_MS)
    for (;;) {
      const report = await this.#check(scene)
      if (report.status === 'passed' || performance.now() > end) return report
      await delay(SETTLE_POLL_MS)
    }
  }

  #check(scene: Scene, target: Target = simulatedTarget(scene.world)): Promise<CheckReport> {
    const { lab, step, runner } = this.#options
    return runner.run({
      lab: lab.id,
      step: step.id,
      checker: lab.checker,
      target,
      home: scene.home,
      ...(lab.rules && { rules: lab.rules }),
      ...(target.kind === 'aws' && { environment: scene.environment }),
    })
  }

  #report(kind: ProofKind, title: string, duration: number, problem?: Problem, name?: string): void {
    this.#options.onProof({
      lab: this.#options.lab.id,
      step: this.#options.step.id,
      kind,
      ...(name && { name }),
      title,
      proven: !problem,
      ...problem,
      duration: Math.round(duration),
    })
  }
}

const failure = (report: CheckReport) => report.findings.find(({ status }) => status === 'failed')

function verdict(report: CheckReport, wanted: string): { problem: string; findings: Finding[] } {
  const seen = { passed: 'passed', failed: 'failed', error: 'could not run' }[report.status]
  const id = failure(report)?.id
  return { problem: `${wanted}; it ${seen}${id ? ` (${id})` : ''}`, findings: report.findings }
}

function scriptProblem(script: ScriptResult): { problem: string; output: string } {
  const problem = script.timedOut ? 'the script did not end in time' : `the script ended with ${script.code}`
  return { problem, output: script.output }
}
