import { availableParallelism } from 'node:os'
import { CheckRunner } from '#checks/runner.ts'
import type { CloudClient } from '#cloud/api.ts'
import type { Lab } from './lab.ts'
import { type LabFolders, loadLab, loadLabs } from './load.ts'
import type { ProofReporter, ProofSummary } from './proof.ts'
import { proofCount, proveLab } from './prove-lab.ts'
import { Slots } from './slots.ts'
import { PreparedWorlds, type ShellEnvironment } from './starts.ts'

export interface TestLabsOptions {
  cloud: CloudClient
  environment: ShellEnvironment
  reporter: ProofReporter
  /** Where homes of prepared worlds are kept while the tests run. */
  folder: string
  /** All labs when left out or empty. */
  labs?: string[]
  /** Only these steps are proven. */
  steps?: string[]
  /** Proofs made at once. Default: three a core, because a script waits for its world much of the time. */
  jobs?: number
  /** How long a copy of a world may take until its processes are up, in ms. Default 30 s. */
  settleLimit?: number
  folders?: LabFolders
}

/** Proves labs: `drydock labs test`. Passes when `failed` is 0. Throws LabError when a lab cannot be read. */
export async function testLabs(options: TestLabsOptions): Promise<ProofSummary> {
  const start = performance.now()
  const { cloud, environment, reporter, steps, folder, jobs = 3 * availableParallelism() } = options
  const labs = await selected(options)
  const runner = new CheckRunner({ threads: jobs })
  const slots = new Slots(jobs)
  const worlds = new PreparedWorlds({ cloud, environment, folder })
  const summary: ProofSummary = { proven: 0, failed: 0, duration: 0 }
  const prove = (lab: Lab) => {
    reporter.lab({ id: lab.id, title: lab.title, proofs: proofCount(lab, steps) })
    return proveLab(lab, {
      cloud,
      worlds,
      runner,
      environment,
      slots,
      ...(steps && { steps }),
      ...(options.settleLimit && { settleLimit: options.settleLimit }),
      onProof(proof) {
        summary[proof.proven ? 'proven' : 'failed']++
        reporter.proof(proof)
      },
    })
  }
  // So many labs at once as keep all places busy: a lab's own solutions come one after another.
  const queue = [...labs]
  const work = async () => {
    for (let lab = queue.shift(); lab; lab = queue.shift()) await prove(lab)
  }
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, labs.length) }, work))
  } finally {
    await runner.close()
  }
  summary.duration = Math.round(performance.now() - start)
  reporter.end(summary)
  return summary
}

function selected({ labs, folders }: TestLabsOptions): Promise<Lab[]> {
  return labs?.length ? Promise.all(labs.map((id) => loadLab(id, folders))) : loadLabs(folders)
}
