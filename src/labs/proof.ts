import type { Finding } from '#checks/finding.ts'

/** What is proven of a step's check. */
export type ProofKind =
  | 'fails-before'
  | 'solution'
  | 'passes-twice'
  | 'text'
  | 'alternative'
  | 'mistake'
  | 'enough-mistakes'

/** One proof, good or not. */
export interface Proof {
  lab: string
  step: string
  kind: ProofKind
  /** The alternative's or mistake's name. */
  name?: string
  /** In words: `fails before the step (no-cluster)`. */
  title: string
  proven: boolean
  /** Why it is not proven. */
  problem?: string
  /** The findings of the check, when it is not proven. */
  findings?: Finding[]
  /** What the script printed, when it is not proven. */
  output?: string
  duration: number
}

/** Follows a run of lab tests. */
export interface ProofReporter {
  lab(lab: { id: string; title: string; proofs: number }): void
  proof(proof: Proof): void
  end(summary: ProofSummary): void
}

export interface ProofSummary {
  proven: number
  failed: number
  /** ms */
  duration: number
}

export const MINIMUM_MISTAKES = 2
