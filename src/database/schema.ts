/** A browser that was let in; the cookie's value is kept only as a hash. */
export interface SessionsTable {
  hash: string
  learner: string
  created_at: number
}

/** A lab that a learner has started. */
export interface LabsTable {
  learner: string
  lab: string
  world: string
  started_at: number
}

export interface ProgressTable {
  learner: string
  lab: string
  step: string
  /** The latest `CheckReport`, JSON. */
  report: string
  /** When it first passed, ms since the epoch. */
  passed_at: number | null
}

export interface TerminalsTable {
  id: string
  learner: string
  lab: string
  title: string
  created_at: number
}

export interface Schema {
  sessions: SessionsTable
  labs: LabsTable
  progress: ProgressTable
  terminals: TerminalsTable
}
