import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckRunner } from '#checks/runner.ts'
import type { CloudClient } from '#cloud/api.ts'
import type { Lab } from './lab.ts'
import type { Proof } from './proof.ts'
import { provesText, StepProver } from './prove-step.ts'
import { Scene } from './scene.ts'
import { runScript } from './shell.ts'
import type { Slots } from './slots.ts'
import type { PreparedWorlds, ShellEnvironment } from './starts.ts'

export interface ProveOptions {
  cloud: CloudClient
  worlds: PreparedWorlds
  runner: CheckRunner
  environment: ShellEnvironment
  /** Where the work of all labs waits for its turn. */
  slots: Slots
  /** Only these steps are proven; the others' solutions still run. */
  steps?: string[]
  /** Until a script is given up, in ms. Default 5 min. */
  scriptTimeout?: number
  /** How long a copy of a world may take until its processes are up, in ms. Default 30 s. */
  settleLimit?: number
  onProof(proof: Proof): void
}

const SCRIPT_TIMEOUT_MS = 5 * 60_000

/** How many proofs a lab has. */
export function proofCount(lab: Lab, steps: string[] | undefined): number {
  return lab.steps
    .filter(({ id }) => !steps || steps.includes(id))
    .reduce((sum, step) => {
      const text = provesText(step) ? 1 : 0
      return sum + 4 + text + step.alternatives.length + step.mistakes.length
    }, 0)
}

/**
 * Proves the checks of a lab. The solutions run one after another in one world, saved before and after each step; from these
 * save points every other proof goes on in a world of its own, so that they need not wait for each other.
 */
export async function proveLab(lab: Lab, options: ProveOptions): Promise<void> {
  const { cloud, environment, slots, steps } = options
  const folder = await mkdtemp(join(tmpdir(), 'drydock-lab-'))
  const scripts = await writeScripts(lab, join(folder, 'scripts'))
  const id = `lab-${randomUUID().slice(0, 8)}`
  const scene = await slots.run('first', () =>
    Scene.open(lab, id, options.worlds, { cloud, environment, folder }),
  )
  const run = (script: { file: string }, { home, environment }: Scene) =>
    runScript({
      file: script.file,
      cwd: home,
      // So that a mistake can begin with the right commands: `source "$SOLUTIONS/push-image.sh"`.
      env: { ...environment, SOLUTIONS: scripts },
      timeout: options.scriptTimeout ?? SCRIPT_TIMEOUT_MS,
    })
  const others: Promise<void>[] = []
  try {
    if (lab.setup) {
      const { code, output, duration } = await slots.run('first', () => run({ file: lab.setup! }, scene))
      if (code !== 0) {
        const problem = `${lab.setup} ended with ${code ?? 'a time-out'}`
        const about = {
          lab: lab.id,
          step: lab.steps[0]!.id,
          kind: 'solution',
          title: 'the lab is set up',
        } as const
        return options.onProof({ ...about, proven: false, problem, output, duration })
      }
    }
    const last = lab.steps.findLastIndex(({ id }) => !steps || steps.includes(id))
    for (const step of lab.steps.slice(0, last + 1)) {
      const prover = new StepProver({ ...options, lab, step, scene, scripts, run })
      const proven = !steps || steps.includes(step.id)
      const solved = await slots.run('first', () => (proven ? prover.proveSolution() : prover.advance()))
      if (!solved) break
      if (!proven) continue
      for (const proof of prover.proveOthers(slots)) {
        others.push(proof)
        // Looked at when all are through.
        proof.catch(() => {})
      }
    }
  } finally {
    await Promise.all(others)
    await scene.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The solutions of all steps side by side, as `<step>.sh`, and the commands of the texts beside them. */
async function writeScripts(lab: Lab, folder: string): Promise<string> {
  await mkdir(folder)
  for (const { id, solution, commands } of lab.steps) {
    await writeFile(join(folder, `${id}.text.sh`), commands)
    await writeFile(join(folder, `${id}.sh`), solution ? await readFile(solution.file, 'utf8') : commands)
  }
  return folder
}
