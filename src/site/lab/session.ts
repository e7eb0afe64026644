import type { CheckReport } from '#checks/finding.ts'
import type { LabEvent, LabState } from '#server/api.ts'
import { ProblemError, request } from '../api.ts'
import { requireSignIn, signedIn } from '../sign-in.ts'
import { Backoff } from './backoff.ts'
import {
  checking,
  finishChecking,
  lab,
  labPath,
  link,
  resets,
  showEvent,
  showState,
  stepPath,
} from './store.ts'
import { focusNext } from './terminal/bridge.ts'

/** The server says something each 15 s: without a word for so long (ms) the connection is lost. */
const SILENCE = 40_000

/** Follows the lab's events for as long as the page lives. What is shown stays while the server is away. */
export function followLab(): void {
  let source: EventSource | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  const retry = new Backoff(connect)

  function connect() {
    source?.close()
    source = new EventSource(`${labPath}/events`)
    listen()
    source.addEventListener('alive', listen)
    // The first events are the present state: what was missed without a connection, or asleep, is in it.
    source.onmessage = ({ data }) => {
      showEvent(JSON.parse(data) as LabEvent)
      link.value = 'connected'
      retry.reset()
      listen()
    }
    source.onerror = lost
  }

  /** A network that is cut says nothing, not even that it is. */
  function listen() {
    clearTimeout(silence)
    silence = setTimeout(lost, SILENCE)
  }

  function lost() {
    clearTimeout(silence)
    source?.close()
    link.value = 'reconnecting'
    void requireSignIn()
    checking.value = new Set()
    retry.later()
  }

  document.addEventListener(
    'visibilitychange',
    () => !document.hidden && link.value === 'connected' && connect(),
  )
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && connect())
  void signedIn.then(connect)
}

/** Makes the world and the workspace. Rejects with a `ProblemError`. */
export async function startLab(): Promise<void> {
  const state = await request<LabState>('POST', `${labPath}/start`)
  focusNext.value = true
  showState(state)
}

/** Takes everything away and starts anew. Rejects with a `ProblemError`. */
export async function resetLab(): Promise<void> {
  const state = await request<LabState>('POST', `${labPath}/reset`)
  focusNext.value = true
  lab.value = state
  resets.value++
}

/** Puts everything back to where a step began. Rejects with a `ProblemError`. */
export async function resetStep(id: string): Promise<void> {
  const state = await request<LabState>('POST', `${stepPath(id)}/reset`)
  focusNext.value = true
  lab.value = state
  resets.value++
}

/** Does a step by its own solution. Rejects with a `ProblemError`. */
export async function skipStep(id: string): Promise<void> {
  await request('POST', `${stepPath(id)}/skip`)
}

/** Changes how fast the world's time goes. Rejects with a `ProblemError`. */
export async function setClock(change: { speed: number } | { untilReady: true }): Promise<void> {
  showState(await request<LabState>('POST', `${labPath}/clock`, change))
}

/** Checks a step now. Rejects with a `ProblemError` when the check could not be asked for. */
export async function checkStep(id: string): Promise<void> {
  checking.value = new Set(checking.value).add(id)
  try {
    const report = await request<CheckReport>('POST', `${labPath}/steps/${encodeURIComponent(id)}/check`)
    showEvent({ type: 'report', report })
  } finally {
    finishChecking(id)
  }
}

/** The words for what went wrong, whatever was thrown. */
export function problemOf(error: unknown): ProblemError['problem'] {
  if (error instanceof ProblemError) return error.problem
  throw error
}
