import type { Role } from '#server/api.ts'

/** A browser that was let in; the cookie's value is kept only as a hash. */
export interface SessionsTable {
  hash: string
  learner: string
  created_at: number
  /** It lets nobody in from then on. */
  expires_at: number
}

/** Somebody who may sign in; a learner's `learner` elsewhere is the `id` here. */
export interface PeopleTable {
  id: string
  /** As others see it; not unique. */
  name: string
  role: Role
  email: string | null
  /** A password's hash, see `classroom/passwords.ts`. */
  password: string | null
  /** `<issuer>|<sub>` at an OpenID provider. */
  subject: string | null
  created_at: number
  /** Signs in no more from then on. */
  disabled_at: number | null
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
  people: PeopleTable
  sessions: SessionsTable
  labs: LabsTable
  progress: ProgressTable
  terminals: TerminalsTable
}
