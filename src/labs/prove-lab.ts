import { randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { CheckReport, Finding } from '#checks/finding.ts'
import type { CheckRunner } from '#checks/runner.ts'
import { simulatedTarget } from '#checks/target.ts'
import type { CloudClient, WorldInfo } from '#cloud/api.ts'
import type { Lab, LabStep, Mistake, Solution } from './lab.ts'
import { MINIMUM_MISTAKES, type Proof, type ProofKind } from './proof.ts'
import { runScript, type ScriptResult } from './shell.ts'
import type { PreparedWorlds, ShellEnvironment } from './starts.ts'
import { textCommands } from './text-commands.ts'

export interface ProveOptions {
  cloud: CloudClient
  worlds: PreparedWorlds
  runner: CheckRunner
  environment: ShellEnvironment
  /** Only these steps are proven; the others' solutions still run. */
  steps?: string[]
  /** Until a script is given up, in ms. Default 5 min. */
  scriptTimeout?: number
  onProof(proof: Proof): void
}

const SCRIPT_TIMEOUT_MS = 5 * 60_000
/** How long a restored state may take until its processes are up, and how often that is asked. */
const SETTLE_LIMIT_MS = 30_000
const SETTLE_POLL_MS = 200

/** How many proofs a lab has. */
export function proofCount(lab: Lab, steps: string[] | undefined): number {
  return lab.steps
    .filter(({ id }) => !steps || steps.includes(id))
    .reduce((sum, step) => sum + 5 + step.alternatives.length + step.mistakes.length, 0)
}

/** Proves the checks of a lab in a fresh world and a fresh home folder, step by step. */
export async function proveLab(lab: Lab, options: ProveOptions): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-lab-'))
  const { world, files } = await options.worlds.create(lab.start, {
    id: `lab-${randomUUID().slice(0, 8)}`,
    seed: lab.id,
    provisioning: 'instant',
    home: join(folder, 'home'),
  })
  try {
    const scene = new Scene(world, folder, options.cloud)
    await mkdir(scene.home)
    for (const from of [files, lab.files]) if (from) await cp(from, scene.home, { recursive: true })
    const environment = await options.environment(world, scene.home)
    const last = lab.steps.findLastIndex(({ id }) => !options.steps || options.steps.includes(id))
    for (const step of lab.steps.slice(0, last + 1)) {
      const proven = !options.steps || options.steps.includes(step.id)
      const prover = new StepProver(lab, step, scene, environment, options)
      if (!(proven ? await prover.prove() : await prover.advance())) break
    }
  } finally {
    await options.cloud.deleteWorld(world.id)
    await rm(folder, { recursive: true, force: true })
  }
}

/** A world together with the learner's home folder: what a script changes, and what is put back. */
class Scene {
  readonly home: string
  readonly folder: string
  readonly world: WorldInfo
  readonly #saves: string
  readonly #cloud: CloudClient

  constructor(world: WorldInfo, folder: string, cloud: CloudClient) {
    this.world = world
    this.folder = folder
    this.home = join(folder, 'home')
    this.#saves = join(folder, 'saves')
    this.#cloud = cloud
  }

  async save(name: string): Promise<void> {
    await this.#cloud.save(this.world.id, name)
    await cp(this.home, join(this.#saves, name), { recursive: true, force: true })
  }

  async restore(name: string): Promise<void> {
    await this.#cloud.restore(this.world.id, name)
    await rm(this.home, { recursive: true, force: true })
    await cp(join(this.#saves, name), this.home, { recursive: true })
  }
}

/** Proves the check of one step. */
class StepProver {
  readonly #lab: Lab
  readonly #step: LabStep
  readonly #scene: Scene
  readonly #environment: Record<string, string>
  readonly #options: ProveOptions

  constructor(
    lab: Lab,
    step: LabStep,
    scene: Scene,
    environment: Record<string, string>,
    options: ProveOptions,
  ) {
    this.#lab = lab
    this.#step = step
    this.#scene = scene
    this.#environment = environment
    this.#options = options
  }

  /** Runs the solution without proving anything. False when it fails, and no later step can be proven. */
  async advance(): Promise<boolean> {
    const script = await this.#run(this.#step.solution)
    if (script.code !== 0)
      this.#report('solution', 'the solution runs', script.duration, scriptProblem(script))
    return script.code === 0
  }

  /** All proofs of the step; ends in the state after its solution. False when the solution itself does not work. */
  async prove(): Promise<boolean> {
    const { alternatives, mistakes } = this.#step
    const before = `before-${this.#step.id}`
    const after = `after-${this.#step.id}`

    this.#proveEnoughMistakes()
    await this.#proveFailsBefore()
    await this.#scene.save(before)
    if (!(await this.#provePasses('solution', this.#step.solution))) return false
    await this.#provePassesTwice()
    await this.#scene.save(after)
    await this.#scene.restore(before)
    await this.#provePasses('text', await this.#textAsScript())
    for (const alternative of alternatives) {
      await this.#scene.restore(before)
      await this.#provePasses('alternative', alternative)
    }
    for (const mistake of mistakes) {
      if (mistake.from === 'before') await this.#scene.restore(before)
      else await this.#restorePassing(after)
      await this.#proveMistake(mistake)
    }
    await this.#restorePassing(after)
    return true
  }

  /** Puts back a state in which the check passed, and waits until it does again: its processes start anew. */
  async #restorePassing(name: string): Promise<void> {
    await this.#scene.restore(name)
    const end = performance.now() + SETTLE_LIMIT_MS
    while ((await this.#check()).status !== 'passed' && performance.now() < end) await delay(SETTLE_POLL_MS)
  }

  #proveEnoughMistakes(): void {
    const { length } = this.#step.mistakes
    const problem =
      length < MINIMUM_MISTAKES
        ? { problem: `it has ${length}; write ${this.#lab.folder}/mistakes/${this.#step.id}/<name>.sh` }
        : undefined
    this.#report('enough-mistakes', `has at least ${MINIMUM_MISTAKES} named mistakes`, 0, problem)
  }

  async #proveFailsBefore(): Promise<void> {
    const report = await this.#check()
    this.#report(
      'fails-before',
      `fails before the step (${failure(report)?.id ?? 'no finding'})`,
      report.duration,
      report.status === 'failed' ? undefined : verdict(report, 'the check must fail before the work is done'),
    )
  }

  /** A learner who does no more than the text says must get through. */
  async #textAsScript(): Promise<Solution> {
    const file = join(this.#scene.folder, `${this.#step.id}.text.sh`)
    await writeFile(file, textCommands(await readFile(this.#step.instructions, 'utf8')))
    return { name: `${this.#step.id}.text`, file }
  }

  async #provePasses(kind: 'solution' | 'text' | 'alternative', solution: Solution): Promise<boolean> {
    const title = {
      solution: 'passes after the solution',
      text: 'passes after the commands of its text',
      alternative: `passes after ${solution.name}`,
    }[kind]
    const script = await this.#run(solution)
    if (script.code !== 0) {
      this.#report(kind, title, script.duration, scriptProblem(script), solution.name)
      return false
    }
    const report = await this.#check()
    const problem =
      report.status === 'passed'
        ? undefined
        : { ...verdict(report, 'the check must pass'), output: script.output }
    this.#report(kind, title, script.duration + report.duration, problem, solution.name)
    return report.status === 'passed'
  }

  async #provePassesTwice(): Promise<void> {
    const report = await this.#check()
    this.#report(
      'passes-twice',
      'passes again when repeated',
      report.duration,
      report.status === 'passed' ? undefined : verdict(report, 'the check passed once and must pass again'),
    )
  }

  async #proveMistake(mistake: Mistake): Promise<void> {
    const title = `${mistake.name} gives ${mistake.finding}`
    const script = await this.#run(mistake)
    if (script.code !== 0) {
      return this.#report('mistake', title, script.duration, scriptProblem(script), mistake.name)
    }
    const report = await this.#check()
    const failed = report.findings.filter(({ status }) => status === 'failed').map(({ id }) => id)
    const exact = report.status === 'failed' && failed.length === 1 && failed[0] === mistake.finding
    const problem = exact
      ? undefined
      : { ...verdict(report, `it must fail with ${mistake.finding} and nothing else`), output: script.output }
    this.#report('mistake', title, script.duration + report.duration, problem, mistake.name)
  }

  #run(script: { file: string }): Promise<ScriptResult> {
    return runScript({
      file: script.file,
      cwd: this.#scene.home,
      // So that a mistake can begin with the right commands: `source "$SOLUTIONS/push-image.sh"`.
      env: { ...this.#environment, SOLUTIONS: join(this.#lab.folder, 'solutions') },
      timeout: this.#options.scriptTimeout ?? SCRIPT_TIMEOUT_MS,
    })
  }

  #check(): Promise<CheckReport> {
    return this.#options.runner.run({
      lab: this.#lab.id,
      step: this.#step.id,
      checker: this.#lab.checker,
      target: simulatedTarget(this.#scene.world),
      home: this.#scene.home,
    })
  }

  #report(
    kind: ProofKind,
    title: string,
    duration: number,
    problem?: { problem: string; findings?: Finding[]; output?: string },
    name?: string,
  ): void {
    this.#options.onProof({
      lab: this.#lab.id,
      step: this.#step.id,
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
