import type { CheckReport } from './finding.ts'

/** How far a learner is with a step. */
export interface StepProgress {
  /** The latest report. */
  report?: CheckReport
  /** When it first passed, ms since the epoch. A step that passed stays passed: later steps undo earlier ones. */
  passedAt?: number
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
  const passedAt = progress[report.step]?.passedAt ?? (report.status === 'passed' ? report.at : undefined)
  return { ...progress, [report.step]: { report, ...(passedAt !== undefined && { passedAt }) } }
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
