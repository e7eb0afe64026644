import type { TimelineCall } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'

/** Calls, newest first; `onLook` shows the world just after one. */
export function CallList({
  calls,
  onLook,
}: {
  calls: TimelineCall[]
  onLook?: (call: TimelineCall) => void
}) {
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
              {call.target && <span class="target">{call.target}</span>}
              <span class={`state ${call.error ? 'bad' : 'good'}`}>{call.error?.code ?? t.calls.done}</span>
            </summary>
            <dl>
              {call.principal && (
                <div>
                  <dt>{t.calls.principal}</dt>
                  <dd>
                    {call.principal}
                    {call.via && ` (${t.calls.via(call.via)})`}
                  </dd>
                </div>
              )}
              {call.cluster && (
                <div>
                  <dt>{t.calls.cluster}</dt>
                  <dd>{call.cluster}</dd>
                </div>
              )}
              {call.error && (
                <div>
                  <dt>{t.calls.error}</dt>
                  <dd>{call.error.message}</dd>
                </div>
              )}
            </dl>
            {onLook && (
              <button type="button" class="button quiet small look" onClick={() => onLook(call)}>
                <Icon name="clock" />
                {t.calls.look}
              </button>
            )}
            {call.parameters !== undefined && (
              <pre class="code">{JSON.stringify(call.parameters, null, 2)}</pre>
            )}
          </details>
        </li>
      ))}
    </ol>
  )
}
