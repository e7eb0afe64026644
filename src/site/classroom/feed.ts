import type { BoardState, Cohort, CohortEvent, SessionState } from '#server/api.ts'
import { request } from '../api.ts'
import { Backoff } from '../lab/backoff.ts'
import { board, connected, courses, now, session, showEvent } from './store.ts'

/** The cohort that the address names: `/classroom/#<id>`. */
const chosen = () => location.hash.slice(1)

/** Shows what the address names, and follows it for as long as the page lives. */
export async function followClassroom(): Promise<void> {
  session.value = await request<SessionState>('GET', '/api/session')
  let source: EventSource | undefined
  const retry = new Backoff(() => void open())

  async function open() {
    source?.close()
    const id = chosen()
    if (id === '') {
      board.value = undefined
      courses.value = await request<Cohort[]>('GET', '/api/cohorts')
      return
    }
    // Followed first and read then: what happens between is in both.
    const stream = new EventSource(`/api/cohorts/${encodeURIComponent(id)}/events`)
    source = stream
    stream.onopen = async () => {
      const state = await request<BoardState>('GET', `/api/cohorts/${encodeURIComponent(id)}/board`).catch(
        () => undefined,
      )
      if (source !== stream || !state) return
      board.value = state
      connected.value = true
      retry.reset()
    }
    stream.onmessage = ({ data }) => showEvent(JSON.parse(data) as CohortEvent)
    stream.onerror = () => {
      stream.close()
      connected.value = false
      retry.later()
    }
  }

  addEventListener('hashchange', () => void open())
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && void open())
  setInterval(() => {
    now.value = Date.now()
  }, 60_000)
  await open()
}
