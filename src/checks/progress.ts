import type { CheckReport } from './finding.ts'

/** How far a learner is with a step. */
export interface StepProgress {
  /** The latest report. */
  report?: CheckReport
  /** When it first passed, ms since the epoch. A step that passed stays passed: later steps undo earlier ones. */
  passedAt?: number
  /** Since when the reports say the same: a pass, or the same finding; ms since the epoch. */
  since?: number
}

/** How far a learner is with a lab, by step id. */
export type LabProgress = Record<string, StepProgress>

/** Where progress is kept. */
export interface ProgressStore {
  read(learner: string, lab: string): Promise<LabProgress>
  /** Adds a report; gives the progress after it. */
  record(learner: string, report: CheckReport): Promise<LabProgress>
  /** Forgets a lab's progress. */
  reset(learner: string, lab: string): Promise<void>
}

/** The progress after a report. */
export function withReport(progress: LabProgress, report: CheckReport): LabProgress {
  const before = progress[report.step]
  const passedAt = before?.passedAt ?? (report.status === 'passed' ? report.at : undefined)
  const same = before?.report && saysOf(before.report) === saysOf(report)
  const since = (same ? before.since : undefined) ?? report.at
  return { ...progress, [report.step]: { report, since, ...(passedAt !== undefined && { passedAt }) } }
}

/** What a report says, for telling whether another says the same: the status, and the finding that failed. */
function saysOf({ status, findings }: CheckReport): string {
  return `${status} ${findings.findLast((finding) => finding.status === 'failed')?.id ?? ''}`
}

/** What the page shows for a step. A check that could not run says nothing about the work. */
export function stepStatus(progress: StepProgress | undefined): 'todo' | 'failed' | 'passed' {
  if (progress?.passedAt !== undefined) return 'passed'
  return progress?.report?.status === 'failed' ? 'failed' : 'todo'
}

/** The first step that has not passed: the one to work on. Undefined when all have. */
export function currentStep<Step extends { id: string }>(
  steps: readonly Step[],
  progress: LabProgress,
): Step | undefined {
  return steps.find(({ id }) => stepStatus(progress[id]) !== 'passed')
}
