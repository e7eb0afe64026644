import type { BoardState, LookEvent } from '#server/api.ts'
import { request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
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
      const reason = await request<BoardState>('GET', `${cohort}/board`).then(
        ({ people }) => (people.some(({ id }) => id === personId) ? undefined : t.look.left),
        (error) => (error.status === 404 ? error.message : undefined),
      )
      if (reason) refused.value = reason
      else retry.later()
    }
  }

  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && open())
  addEventListener('hashchange', () => location.reload())
  open()
}
