import type { LookEvent } from '#server/api.ts'
import { request } from '../../api.ts'
import { Backoff } from '../../lab/backoff.ts'
import { cohortId, connected, labId, personId, refused, showEvent } from './store.ts'

/** Looks for as long as the page lives. */
export function followLook(): void {
  const cohort = `/api/cohorts/${encodeURIComponent(cohortId)}`
  let source: EventSource | undefined
  const retry = new Backoff(open)

  function open() {
    source?.close()
    source = new EventSource(
      `${cohort}/people/${encodeURIComponent(personId)}/look?lab=${encodeURIComponent(labId)}`,
    )
    source.onopen = () => {
      connected.value = true
      retry.reset()
    }
    source.onmessage = ({ data }) => showEvent(JSON.parse(data) as LookEvent)
    source.onerror = async () => {
      source?.close()
      connected.value = false
      // The stream does not say why it was refused.
      const problem = await request('GET', cohort).then(
        () => undefined,
        (error) => error,
      )
      if (problem?.status === 404) refused.value = problem.message
      else retry.later()
    }
  }

  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && open())
  addEventListener('hashchange', () => location.reload())
  open()
}
