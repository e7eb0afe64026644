import type { TimelineCall } from '#server/api.ts'
import { t } from '../i18n/index.ts'

/** Calls to AWS, newest first. */
export function CallList({ calls }: { calls: TimelineCall[] }) {
  if (calls.length === 0) return <p class="pane-empty">{t.calls.none}</p>
  return (
    <ol class="calls">
      {calls.map((call) => (
        <li key={call.number} class={call.error ? 'failed' : undefined}>
          <details>
            <summary>
              <time dateTime={new Date(call.at).toISOString()}>{new Date(call.at).toLocaleTimeString()}</time>
              <span class="service">{call.source.replace('.amazonaws.com', '')}</span>
              <b>{call.operation}</b>
              <span class={`state ${call.error ? 'bad' : 'good'}`}>{call.error?.code ?? t.calls.done}</span>
            </summary>
            <dl>
              <div>
                <dt>{t.calls.principal}</dt>
                <dd>
                  {call.principal}
                  {call.via && ` (${t.calls.via(call.via)})`}
                </dd>
              </div>
              {call.error && (
                <div>
                  <dt>{t.calls.error}</dt>
                  <dd>{call.error.message}</dd>
                </div>
              )}
            </dl>
            {call.parameters !== undefined && (
              <pre class="code">{JSON.stringify(call.parameters, null, 2)}</pre>
            )}
          </details>
        </li>
      ))}
    </ol>
  )
}
