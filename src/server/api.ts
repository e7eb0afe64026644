import type { CheckReport } from '#checks/finding.ts'

export type { Part, PartDetails, PartEvent, PartKind, PartState, PictureChange } from '#cloud/api.ts'

/**
 * The server's API as the pages use it: JSON under `/api`, cookie session, Origin and Host checked.
 * Errors are `ApiProblem` with a fitting HTTP status.
 *
 * GET    /api/labs                         LabSummary[]
 * GET    /api/labs/:lab                    LabState
 * POST   /api/labs/:lab/start              LabState; makes the world and the workspace when there is none
 * POST   /api/labs/:lab/reset              LabState; a fresh world and workspace, progress forgotten
 * POST   /api/labs/:lab/steps/:step/check  CheckReport
 * GET    /api/labs/:lab/events             server-sent events, `data:` is a LabEvent
 * GET    /api/labs/:lab/world            server-sent events, `data:` is a PictureChange: the live picture of the cloud
 * GET    /api/labs/:lab/world/part?id=…   PartDetails, while the picture is followed
 * GET    /api/labs/:lab/terminals          TerminalInfo[]
 * POST   /api/labs/:lab/terminals          TerminalInfo
 * DELETE /api/terminals/:terminal          204
 * POST   /api/terminals/:terminal/ticket   { ticket }: single use, 30 s
 * GET    /api/terminals/:terminal/socket   WebSocket, see src/workspace/protocol.ts
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
 */
export interface ApiProblem {
  error: { code: string; what: string; why?: string; next?: string }
}

/** What a person is here. Everybody learns; administrators may do everything. */
export type Role = 'learner' | 'instructor' | 'author' | 'admin'

/** A way to sign in. */
export type SignInWay = 'link' | 'join' | 'password' | 'oidc'

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

export type StepStatus = 'todo' | 'failed' | 'passed'

export interface StepState {
  id: string
  title: string
  status: StepStatus
  /** The latest report, if the step was ever checked. */
  report?: CheckReport
  passedAt?: number
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
}

export interface LabState {
  id: string
  title: string
  started: boolean
  steps: StepState[]
  /** The world's clock and how much faster provisioning is than on AWS; absent before the start. */
  world?: { id: string; accountId: string; region: string; provisioning: number | 'instant'; speed: number }
}

export type LabEvent =
  | { type: 'state'; state: LabState }
  | { type: 'checking'; step: string }
  | { type: 'report'; report: CheckReport }
  /** The cloud process is away (and being restarted) or back. */
  | { type: 'cloud'; status: 'up' | 'restarting' }

export interface TerminalInfo {
  id: string
  title: string
  createdAt: number
  /** Whether its shell still runs. */
  running: boolean
}

export interface DoctorFinding {
  name: string
  status: 'ok' | 'missing' | 'warning'
  detail: string
  /** What to do about it. */
  next?: string
}
