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
  /** `<issuer>|<sub>` at an OpenID provider, `lti|<issuer>|<sub>` at a learning platform. */
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
  /** Since when it says the same: passed, or the same finding. */
  since: number
}

/** What a learner has read of a lesson, and answered. */
export interface LessonsTable {
  learner: string
  lesson: string
  /** `LessonRecord`, JSON. */
  record: string
}

/** A step that a learner has ever passed: it stays when the lab is started over. */
export interface PassesTable {
  learner: string
  lab: string
  step: string
  /** When it first passed, ms since the epoch. */
  passed_at: number
  /** 1 when this installation has checked it, 0 when a progress file says so. */
  proven: 0 | 1
}

/** What this installation keeps to itself. */
export interface SecretsTable {
  name: string
  value: string
}

/** People who learn together, at one pace. */
export interface CohortsTable {
  id: string
  name: string
  /** With it people join. */
  code: string
  /** A learning path's id. */
  path: string | null
  /** Ids of its labs in order, JSON. */
  labs: string
  /** `free`, or `gated`: only the labs in `open` may be started. */
  pace: 'free' | 'gated'
  /** Ids, JSON. */
  open: string
  starts_at: number | null
  ends_at: number | null
  created_at: number
  archived_at: number | null
  /** When its path or labs are to be done. */
  due_at: number | null
}

export interface MembersTable {
  cohort: string
  person: string
  role: 'learner' | 'instructor'
  joined_at: number
}

/** A link that makes a person; kept only as a hash. */
export interface InvitationsTable {
  hash: string
  name: string
  role: Role
  email: string | null
  cohort: string | null
  created_by: string
  created_at: number
  expires_at: number
  /** Who came by it, or who took it back. */
  used_by: string | null
}

/** A call for help. */
export interface HandsTable {
  id: string
  cohort: string
  person: string
  lab: string
  step: string | null
  note: string
  raised_at: number
  /** The instructor who goes. */
  taken_by: string | null
  /** `HandAnswer`, JSON. */
  answer: string | null
  lowered_at: number | null
}

export interface BroadcastsTable {
  id: string
  cohort: string
  author: string
  text: string
  /** A page of this site. */
  link: string | null
  sent_at: number
}

/** What an instructor lets one person do: start a lab that is not open (`step` is then empty), or go past a step. */
export interface AllowancesTable {
  person: string
  lab: string
  step: string
  kind: 'unlock' | 'skip'
  granted_by: string
  granted_at: number
}

/** Hints that a learner has opened. */
export interface HintsTable {
  learner: string
  lab: string
  step: string
  /** So many, from the first. */
  opened: number
  /** The last of them, ms since the epoch. */
  opened_at: number
}

/** What else a learner changed or broke while doing a step of a scored lab. */
export interface MarksTable {
  learner: string
  lab: string
  step: string
  /** JSON, a list of texts. */
  collateral: string
}

/** What people with rights over others did, and who signed in. */
export interface AuditTable {
  id: string
  at: number
  /** A person's id, or empty for nobody known. */
  actor: string
  act: string
  /** The id of what it was done to. */
  subject: string
  /** JSON */
  detail: string
  address: string | null
}

/** Until when one person may take, whatever the cohort's date is. */
export interface ExtensionsTable {
  person: string
  cohort: string
  due_at: number
  granted_by: string
  granted_at: number
}

/** Who was reminded of which date, and by which way. */
export interface RemindersTable {
  cohort: string
  person: string
  kind: 'soon' | 'overdue'
  way: 'mail' | 'webhook'
  due_at: number
  sent_at: number
}

/** What a learning record store is still to be told. */
export interface StatementsTable {
  id: string
  /** Whom it is about. */
  person: string
  queued_at: number
  /** JSON */
  statement: string
}

/** A place in a gradebook elsewhere that a result of a lab is sent to. */
export interface GradesTable {
  person: string
  lab: string
  /** The learning platform's id here. */
  platform: string
  line_item: string
  /** The person's id there. */
  subject: string
  /** `SentGrade`, JSON: what it has from us. */
  sent: string | null
}

/** What happened in a learner's lab. */
export interface MomentsTable {
  id: string
  person: string
  lab: string
  at: number
  /** `Moment`, JSON. */
  moment: string
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
  lessons: LessonsTable
  passes: PassesTable
  secrets: SecretsTable
  cohorts: CohortsTable
  members: MembersTable
  invitations: InvitationsTable
  hands: HandsTable
  broadcasts: BroadcastsTable
  allowances: AllowancesTable
  hints: HintsTable
  marks: MarksTable
  extensions: ExtensionsTable
  reminders: RemindersTable
  statements: StatementsTable
  grades: GradesTable
  moments: MomentsTable
  audit: AuditTable
}
