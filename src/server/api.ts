import type { CheckReport } from '#checks/finding.ts'
import type { BoardPerson } from '#classroom/board.ts'
import type { Broadcast } from '#classroom/broadcasts.ts'
import type { Cohort } from '#classroom/cohorts.ts'
import type { Hand } from '#classroom/hands.ts'
import type { Look } from '#classroom/looks.ts'
import type { ConsoleEvent, TimelineCall } from '#cloud/api.ts'
import type { Certificate } from '#course/certificate.ts'
import type { LessonRecord } from '#course/record.ts'
import type { KeptMoment } from '#database/moments.ts'
import type { LabResult, StepScore } from '#labs/score.ts'
import type { RecordedTerminal } from './session-records.ts'

export type { Attainment, AttainmentReport } from '#classroom/attainment.ts'
export type { AuditEntry } from '#classroom/audit.ts'

export type { BoardPerson } from '#classroom/board.ts'
export type { Broadcast } from '#classroom/broadcasts.ts'
export type { Cohort } from '#classroom/cohorts.ts'
export type { Hand } from '#classroom/hands.ts'
export type { CohortEvent, LearnerEvent } from '#classroom/hub.ts'
export type { Invitation } from '#classroom/invitations.ts'
export type { Look } from '#classroom/looks.ts'
export type {
  CostReport,
  Door,
  Journey,
  Part,
  PartDetails,
  PartEvent,
  PartKind,
  PartState,
  PictureChange,
  StillPicture,
  TimelineCall,
} from '#cloud/api.ts'
export type { Certificate } from '#course/certificate.ts'
export type { ProgressFile } from '#course/progress-file.ts'
export type { KeptMoment } from '#database/moments.ts'
export type { Person } from '#database/people.ts'
export type { CommandVerdict } from '#labs/command-answer.ts'
export type { Comparison, Difference, Side } from '#labs/comparison.ts'
export type { LabResult, StepScore } from '#labs/score.ts'

/**
 * The server's API as the pages use it: JSON under `/api`, cookie session, Origin and Host checked.
 * Errors are `ApiProblem` with a fitting HTTP status.
 *
 * GET    /api/labs                         LabSummary[]
 * GET    /api/labs/:lab                    LabState
 * POST   /api/labs/:lab/start              LabState; makes the world and the workspace when there is none, at once or after those that wait
 * POST   /api/labs/:lab/reset              LabState; a fresh world and workspace, progress forgotten
 * POST   /api/labs/:lab/steps/:step/check  CheckReport
 * POST   /api/labs/:lab/steps/:step/reset LabState; world, home and progress as they were where the step began
 * POST   /api/labs/:lab/steps/:step/skip  does the step by its own solution; 204, 409 `skip-failed` when its check does not pass then
 * GET    /api/labs/:lab/steps/:step/start StillPicture of the cloud where the step began
 * GET    /api/labs/:lab/steps/:step/solution { text }: the commands that do it
 * POST   /api/labs/:lab/steps/:step/hints  { opened }: so many hints are open; 204
 * GET    /api/labs/:lab/timeline         TimelineCall[]: calls that changed something, newest first
 * GET    /api/labs/:lab/timeline/events  server-sent events, `data:` is TimelineCall[]: all, then the new ones
 * GET    /api/labs/:lab/comparison       Comparison of the two sides of a lab that has such
 * GET    /api/labs/:lab/costs            CostReport
 * POST   /api/labs/:lab/clock            { speed } or { untilReady: true } → LabState
 * GET    /api/labs/:lab/events             server-sent events, `data:` is a LabEvent
 * GET    /api/labs/:lab/world            server-sent events, `data:` is a PictureChange: the live picture of the cloud
 * GET    /api/labs/:lab/world/now        Part[]: the cloud as it is
 * GET    /api/labs/:lab/world/then?call=… StillPicture just after a call of the timeline
 * GET    /api/labs/:lab/world/part?id=…   PartDetails, while the picture is followed
 * GET    /api/labs/:lab/console            server-sent events, `data:` is a LabConsoleEvent; `?accountId=…&region=…`
 * GET    /api/labs/:lab/files            server-sent events, `data:` is FileEntry[]: the home folder, again after each change
 * GET    /api/labs/:lab/file?path=…      OpenedFile
 * PUT    /api/labs/:lab/file?path=…      { text, version? } → { version }; 409 `changed` when it is not that version any more, 507 `home-full`
 * DELETE /api/labs/:lab/file?path=…      204
 * POST   /api/labs/:lab/file/reset?path=… OpenedFile, as the lab brought it
 * GET    /api/labs/:lab/schemas?apiVersion=… OpenAPI schemas by name, as the learner's cluster serves them
 * GET    /api/labs/:lab/terminals          TerminalInfo[]
 * POST   /api/labs/:lab/terminals          TerminalInfo
 * DELETE /api/terminals/:terminal          204
 * POST   /api/terminals/:terminal/ticket   { ticket }: single use, 30 s
 * GET    /api/terminals/:terminal/socket   WebSocket, see src/workspace/protocol.ts
 * GET    /api/labs/:lab/doors            Door[]: what in the world answers browsers
 * POST   /api/labs/:lab/previews         { address } → Preview
 * GET    /api/previews/:preview          { document?: PreviewDocument }: what it loaded last
 * GET    /api/progress                     CourseState
 * PUT    /api/progress/lessons/:track/:lesson { answers: { [question]: choice } } → LessonState; the lesson was opened, or answered
 * POST   /api/lessons/:track/:lesson/answers { question, command } → CommandVerdict: the command is run in a copy of the lesson's world
 * GET    /api/progress/file                ProgressFile, as an attachment
 * POST   /api/progress/file                a ProgressFile → ImportResult; what is there already stays
 * POST   /api/certificates                 { path, name? } → { code }; 409 `not-done` while something is missing
 * POST   /api/certificates/verify          { code } → CertificateState, for anybody
 * GET    /api/certificates/key             the public key, JWK, for anybody
 * GET    /api/doctor                       DoctorFinding[]
 * GET    /api/session                      SessionState; the only one that needs no sign-in, with the ways to sign in
 * POST   /api/session/link                 { token } of the printed link; 204 and the session's cookie
 * DELETE /api/session                      204; signs out
 *
 * On a hosted server, in place of the link:
 * POST   /api/session/join                 { code, name? } of a cohort; JoinResult
 * POST   /api/session/return               { code } that a person was given when they joined; 204
 * POST   /api/session/password             { email, password }; 204
 * POST   /api/session/invitation/look      { secret } of an invitation's link; InvitationState
 * POST   /api/session/invitation           { secret, name, password? }; 204
 * GET    /auth/oidc?to=                    leads to the OpenID provider, and back to the page `to`
 *
 * Learners of a hosted server:
 * GET    /api/classroom                    ClassroomState
 * GET    /api/classroom/events             server-sent events, `data:` is a LearnerEvent of classroom/hub.ts
 * POST   /api/looks/:id/consent            { keyboard: 'shared' | 'learner' }: lets who looks type, or no more; 204
 * POST   /api/hands                        { lab, step?, note? }; Hand
 * DELETE /api/hands/:id                    204; takes the own hand down
 *
 * Instructors, for the cohorts that they lead:
 * GET    /api/cohorts                      Cohort[]
 * POST   /api/cohorts                      { name, path?, labs?, pace?, startsAt?, endsAt?, dueAt? }; Cohort
 * GET    /api/cohorts/:id                  Cohort
 * PATCH  /api/cohorts/:id                  changes, also { open, archived }; null takes a path or a date away; Cohort
 * POST   /api/cohorts/:id/code             Cohort with another code
 * GET    /api/cohorts/:id/board            BoardState
 * GET    /api/cohorts/:id/events           server-sent events, `data:` is a CohortEvent of classroom/hub.ts
 * GET    /api/cohorts/:id/report.csv       results, one row a learner
 * GET    /api/cohorts/:id/attainment      AttainmentReport: how far each is with what was assigned, and their dates
 * GET    /api/cohorts/:id/attainment.csv  the same as a table
 * POST   /api/cohorts/:id/broadcasts       { text, link? }; Broadcast
 * DELETE /api/cohorts/:id/people/:person   204
 * POST   /api/cohorts/:id/help             { act: 'reset' | 'unlock' | 'reset-step' | 'skip', people, lab, step? } or { act: 'extend', people, dueAt }; HelpResult
 * GET    /api/cohorts/:id/people/:person/look?lab=… server-sent events, `data:` is a LookEvent; the look lasts as long
 * GET    /api/looks/:id/world              as of /api/labs, of the learner who is looked at; so are the next three
 * GET    /api/looks/:id/world/part?id=…
 * GET    /api/looks/:id/world/then?call=…
 * GET    /api/looks/:id/timeline/events
 * GET    /api/looks/:id/recording          SessionRecording: how the learner’s lab went; they are told that it is looked at
 * GET    /api/looks/:id/recording/terminals/:terminal  what a terminal showed: lines of pty-host/recording.ts
 * POST   /api/looks/:id/terminals/:terminal/ticket  { ticket } to look on at a terminal
 * POST   /api/looks/:id/keyboard           { keyboard: 'asked' | 'learner' }: asks to type, or gives it back; 204
 * GET    /api/privacy                   PrivacyState
 * GET    /api/privacy/mine              all that is kept of whoever asks, one JSON
 * DELETE /api/privacy/mine              { name }: their own account with all that is kept of it, confirmed by the account’s name; 204
 * POST   /api/hands/:id/take               Hand
 * POST   /api/hands/:id/answer             { text?, link? }; Hand
 *
 * Administrators:
 * GET    /api/people                       Person[]
 * PATCH  /api/people/:id                   { role?, disabled? }; Person; signs them out
 * GET    /api/people/:id/export            all that is kept of a person
 * DELETE /api/people/:id                   204; with their worlds and files
 * GET    /api/invitations                  Invitation[]
 * POST   /api/invitations                  { name, role, email?, cohort? }; InvitationMade
 * DELETE /api/invitations/:id              204
 * GET    /api/audit?before=&limit=         AuditEntry[], the latest first
 */
export interface ApiProblem {
  error: { code: string; what: string; why?: string; next?: string }
}

/** What a learner has read and answered of a lesson. */
export interface LessonState extends LessonRecord {
  /** Whether every question has been answered rightly. */
  done: boolean
}

/** All that a learner has done in the course. */
export interface CourseState {
  /** By id; those that were never opened are missing. */
  lessons: Record<string, LessonState>
  /** By id: how many steps were ever passed, and when something was last done there. */
  labs: Record<string, { passed: number; steps: number; visited?: number }>
  paths: PathState[]
}

export interface PathState {
  id: string
  done: number
  total: number
}

/** What a progress file has added. */
export interface ImportResult {
  lessons: number
  steps: number
  /** Lessons and labs of the file that are not here; their records are kept. */
  unknown: string[]
  /** Whether this installation wrote it: else its steps count as unproven. */
  proven: boolean
}

export interface CertificateState {
  /** Absent when this server has not made it, or somebody has changed it. */
  certificate?: Certificate
}

/** What a person is here. Everybody learns; administrators may do everything. */
export type Role = 'learner' | 'instructor' | 'author' | 'admin'

/** A way to sign in. */
export type SignInWay = 'link' | 'join' | 'password' | 'oidc' | 'lti'

export interface SessionState {
  /** Who is signed in, if anybody. */
  person?: { id: string; name: string; role: Role }
  ways: SignInWay[]
  /** Where the way `oidc` leads: "Sign in with …". */
  oidcName?: string
}

/** What a cohort's code gave. */
export interface JoinResult {
  /** The cohort's name. */
  cohort: string
  /** The code is good; say who you are to come in. */
  nameNeeded?: true
  /** Shown once: with it the person comes back in another browser. */
  returnCode?: string
}

/** An invitation, to whoever has its link. */
export interface InvitationState {
  name: string
  role: Role
  email?: string
  /** Whether a password is to be chosen. */
  password: boolean
}

/** An invitation that was just made: the link is told once. */
export interface InvitationMade {
  id: string
  link: string
  expiresAt: number
}

/** A learner's side of a classroom. */
export interface ClassroomState {
  /** `dueAt`: the learner's own date. */
  cohorts: Pick<Cohort, 'id' | 'name' | 'pace' | 'open' | 'labs' | 'dueAt'>[]
  /** The latest first. */
  broadcasts: Broadcast[]
  /** The raised one, else the last that was answered. */
  hand?: Hand
  /** Who looks at their work now. */
  looks: Look[]
}

export interface LabOutline {
  id: string
  title: string
  steps: { id: string; title: string; hints: string[] }[]
}

/** For whom a help did not work, and why. */
export interface HelpResult {
  failed: ({ person: string } & ApiProblem['error'])[]
}

/** What the page of somebody who looks at a learner's work is told. */
export type LookEvent =
  | { type: 'look'; look: Look }
  | { type: 'terminals'; terminals: TerminalInfo[] }
  | LabEvent

/** How a learner's lab went, in order of time but the calls, which are newest first. Times in ms since the epoch. */
export interface SessionRecording {
  moments: KeptMoment[]
  /** Terminals that were open; what each showed is asked for by itself. */
  terminals: RecordedTerminal[]
  /** Calls of the present world; those of a lab that was started over are gone with it. */
  calls: TimelineCall[]
}

/** What a server of many people keeps of them, and whom it tells. Times in days. */
export interface PrivacyState {
  /** How long people stay signed in. */
  sessionDays: number
  auditDays: number
  /** How long it is kept how labs went; 0: it is not. */
  replayDays: number
  /** So long after their last course learners are deleted; absent: they are not. */
  learnerDays?: number
  /** Whom people ask. */
  contact?: string
  /** The OpenID Connect provider by which they sign in. */
  provider?: string
  /** Whether learning platforms get results. */
  platform: boolean
  /** What a learning record store gets of people. */
  recordStore?: 'id' | 'name' | 'mail'
  /** Whether they are reminded by mail, and whether another program is told of it. */
  mail: boolean
  webhook: boolean
}

/** An instructor's board. */
export interface BoardState {
  cohort: Cohort
  labs: LabOutline[]
  /** `pages`: lab → how many pages of it are open. */
  people: (BoardPerson & { pages: Record<string, number> })[]
  hands: Hand[]
}

export type StepStatus = 'todo' | 'failed' | 'passed'

export interface StepState {
  id: string
  title: string
  status: StepStatus
  /** The latest report, if the step was ever checked. */
  report?: CheckReport
  passedAt?: number
  /** Whether the lab can go back to where this step began. */
  saved?: true
  /** What it brought, in a scored lab, once it has passed. */
  score?: StepScore
}

export interface LabSummary {
  id: string
  title: string
  summary: string
  track: string
  minutes: number
  steps: number
  passed: number
  started: boolean
  /** The points so far, of a scored lab that was started. */
  result?: LabResult
}

export interface LabState {
  id: string
  title: string
  started: boolean
  /** Whether it may be started: an instructor may open the labs of a course one after another. */
  open: boolean
  /** The place in the line, from 1, while it waits to be started: then it starts by itself. */
  waiting?: number
  /** What the home holds and may hold, bytes, while that is too much: its programs were ended, and nothing more is saved. */
  full?: { used: number; quota: number }
  /** Who leads a course of the learner may replay how the lab went, for so many days. */
  recordedDays?: number
  /** Whether there are courses that the learner may be in: not on a server of one person. */
  classroom?: true
  steps: StepState[]
  /** The world's clock and how much faster provisioning is than on AWS; absent before the start. */
  world?: { id: string; accountId: string; region: string; provisioning: number | 'instant'; speed: number }
  /** The names that were drawn for the learner, by parameter, where the lab has such. */
  names?: Record<string, string>
  /** The points so far, of a scored lab. */
  result?: LabResult
}

export type LabEvent =
  | { type: 'state'; state: LabState }
  | { type: 'checking'; step: string }
  /** A check is over, also one that was given up and has no report. */
  | { type: 'checked'; step: string }
  | { type: 'report'; report: CheckReport }
  /** The cloud process is away (and being restarted) or back. */
  | { type: 'cloud'; status: 'up' | 'restarting' }
  /** The server ends for now; it keeps the work, and the page comes back to it. */
  | { type: 'closing' }

export type { ConsoleColumn, ConsoleResource, ConsoleType } from '#cloud/api.ts'

/** What the console page is told. */
export type LabConsoleEvent =
  | ConsoleEvent
  /** The lab has not been started: there is nothing to show. */
  | { type: 'absent' }
  | Extract<LabEvent, { type: 'cloud' }>
/** A file or folder of the learner's home. */
export interface FileEntry {
  /** From the home folder: `site/index.html`. */
  path: string
  kind: 'file' | 'folder'
  /** Bytes, of a file. */
  size?: number
  /** Whether the lab brought it. */
  starter?: true
}

export interface OpenedFile {
  path: string
  text: string
  /** Names what the file holds now. */
  version: string
  /** What the lab brought under this name. */
  starter?: string
}

export interface TerminalInfo {
  id: string
  title: string
  createdAt: number
  /** Whether its shell still runs. */
  running: boolean
}

/** A web page out of a world, on an origin of its own. */
export interface Preview {
  id: string
  /** Where a browser finds it. */
  url: string
  /** Its address inside the lab network. */
  address: string
}

/** Why nothing answered: `no-host`, the lab network knows no such name; `closed`, the connection ended without an answer. */
export type PreviewFailure =
  | 'no-host'
  | 'refused'
  | 'silent'
  | 'no-route'
  | 'certificate'
  | 'closed'
  | 'cloud-away'

/** What a page of a preview gave: an answer, or why there was none. */
export type PreviewDocument = {
  /** Inside the lab network. */
  address: string
} & (
  | { status: number; reason: string; server?: string; failure?: undefined }
  | { failure: PreviewFailure; detail: string }
)

export interface DoctorFinding {
  name: string
  status: 'ok' | 'missing' | 'warning'
  detail: string
  /** What to do about it. */
  next?: string
}
