import type { CheckReport } from '#checks/finding.ts'
import { formatReport } from '#checks/report-text.ts'
import { CheckRunner } from '#checks/runner.ts'
import type { Target } from '#checks/target.ts'
import type { Lab } from './lab.ts'
import { LabError, type LabFolders, loadLab, loadLabs } from './load.ts'

export interface CheckCommandOptions {
  lab: string
  /** All steps in order when left out, up to the first that does not pass. */
  step?: string
  target: Target
  /** The learner's home folder, where `answers.yaml` and such are. */
  home: string
  json?: boolean
  folders?: LabFolders
  write(text: string): void
}

/**
 * `drydock check`: runs a lab's checks and prints the reports, as text or as a JSON array.
 * Gives the exit code: 0 all passed, 1 a check failed, 2 a check could not run. Throws LabError.
 */
export async function runCheckCommand(options: CheckCommandOptions): Promise<number> {
  const lab = await loadLab(options.lab, options.folders)
  const runner = new CheckRunner({ environment: options.target.kind === 'simulated' ? 'none' : 'inherit' })
  const reports: CheckReport[] = []
  try {
    for (const step of stepsToCheck(lab, options.step)) {
      const { target, home } = options
      const { id, checker, rules } = lab
      const report = await runner.run({ lab: id, step, checker, target, home, ...(rules && { rules }) })
      reports.push(report)
      if (!options.json) options.write(formatReport(report))
      if (report.status !== 'passed') break
    }
  } finally {
    await runner.close()
  }
  if (options.json) options.write(`${JSON.stringify(reports, undefined, 2)}\n`)
  return { passed: 0, failed: 1, error: 2 }[reports.at(-1)!.status]
}

function stepsToCheck(lab: Lab, step: string | undefined): string[] {
  const ids = lab.steps.map(({ id }) => id)
  if (step === undefined) return ids
  if (!ids.includes(step)) {
    throw new LabError(`The lab "${lab.id}" has no step "${step}". Its steps: ${ids.join(', ')}.`)
  }
  return [step]
}

/** `drydock labs list`: a line a lab, or JSON. */
export async function listLabs(options: {
  json?: boolean
  folders?: LabFolders
  write(text: string): void
}): Promise<void> {
  const labs = await loadLabs(options.folders)
  const rows = labs.map(({ id, title, track, minutes, steps }) => ({
    id,
    title,
    track,
    minutes,
    steps: steps.length,
  }))
  if (options.json) return options.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  const width = Math.max(2, ...rows.map(({ id }) => id.length))
  for (const { id, title, steps, minutes } of rows) {
    options.write(`${id.padEnd(width)}  ${title}, ${steps} steps, about ${minutes} min\n`)
  }
}
