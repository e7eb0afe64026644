import type { Finding } from './finding.ts'
import type { Rule } from './rules/rule.ts'
import type { Target } from './target.ts'

/** One run of a step's check, as plain data that crosses to the worker thread. */
export interface CheckRequest {
  lab: string
  step: string
  /** The checker's file. */
  checker: string
  target: Target
  /** Rules of a company, checked when the step's own check has passed. */
  rules?: Rule[]
  /** The learner's home folder. */
  home: string
  /** What the target's clients see as the environment while this check runs; default: what the runner gives them. */
  environment?: Record<string, string>
}

/** What the worker thread says while it runs a check. */
export type WorkerMessage =
  /** The checker is loaded; its time begins now. */
  | { type: 'started' }
  | { type: 'finding'; finding: Finding }
  | { type: 'done'; outcome: 'passed' | 'failed' }
  | { type: 'error'; finding: Finding }
