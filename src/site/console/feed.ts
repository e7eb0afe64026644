import { batch } from '@preact/signals'
import type { LabConsoleEvent } from '#server/api.ts'
import { Backoff } from '../lab/backoff.ts'
import { chosen } from './place.ts'
import { labId, link, showEvent } from './store.ts'

/** Follows the account for as long as the page lives. What is shown stays while the server is away. */
export function followConsole(): void {
  let source: EventSource | undefined
  let waiting: LabConsoleEvent[] = []
  const retry = new Backoff(connect)

  // A look at the account gives an event for each type: shown together.
  function show() {
    const events = waiting
    waiting = []
    batch(() => events.forEach(showEvent))
  }

  function connect() {
    source?.close()
    source = new EventSource(
      `/api/labs/${encodeURIComponent(labId)}/console?${new URLSearchParams({ ...chosen.value })}`,
    )
    source.onmessage = ({ data }) => {
      if (waiting.length === 0) setTimeout(show)
      waiting.push(JSON.parse(data) as LabConsoleEvent)
      link.value = 'connected'
      retry.reset()
    }
    source.onerror = () => {
      source?.close()
      link.value = 'reconnecting'
      retry.later()
    }
  }

  // Another account or region is another look; what has come of the last one is not shown.
  chosen.subscribe(() => {
    waiting = []
    connect()
  })
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && connect())
}
