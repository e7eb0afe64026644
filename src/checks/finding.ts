/** What a check saw, good or bad, with the evidence for it. The same on page, CLI, board and CI. */
export interface Finding {
  /** Stable name within the step, `no-default-subnet`: what a named mistake of the lab tests expects. */
  id: string
  status: 'passed' | 'failed'
  /** What was looked at, in a few words: "The cluster is ACTIVE". */
  title: string
  expected?: string
  observed?: string
  /** A command that shows the observed state to the learner. */
  evidence?: string
  /** The likely cause. */
  cause?: string
  hint?: string
  /** Path of the lesson that explains it: `/lessons/eks/nodes/#roles`. */
  lesson?: string
}

/** One run of a step's check. */
export interface CheckReport {
  lab: string
  step: string
  /** `error`: the check itself could not run to its end (time-out, target unreachable); `findings` then says why. */
  status: 'passed' | 'failed' | 'error'
  /** In diagnostic order; with a failure, the last one is the first that failed. */
  findings: Finding[]
  /** ms since the epoch, and how long it took (ms). */
  at: number
  duration: number
}
