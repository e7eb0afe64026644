import { t } from '../../i18n/index.ts'
import { journeys, moment, partOf, type Seen, selected } from './model.ts'

/** How many are told in words. */
const SHOWN = 3

/** The requests that came last, in words: where each went through. The map shows them moving. */
export function LastRequests() {
  const last = journeys.value.slice(0, SHOWN)
  if (moment.value !== undefined || last.length === 0) return null
  return (
    <section class="last-requests" aria-label={t.world.requests}>
      <h3>{t.world.requests}</h3>
      <ol>
        {last.map((request) => (
          <Request key={`${request.at} ${request.stops.join()}`} request={request} />
        ))}
      </ol>
    </section>
  )
}

function Request({ request: { stops, service } }: { request: Seen }) {
  return (
    <li>
      {stops.map((stop, index) => {
        const part = partOf(stop)
        const last = index === stops.length - 1
        return (
          <span key={stop}>
            {last && service && <span>{t.world.service(service)} → </span>}
            {part ? (
              <button
                type="button"
                class="button quiet small"
                onClick={() => {
                  selected.value = stop
                }}
              >
                {part.name}
              </button>
            ) : (
              stop
            )}
            {!last && ' → '}
          </span>
        )
      })}
    </li>
  )
}
