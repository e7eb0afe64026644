import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ApiProblem, PartDetails } from '#server/api.ts'
import { request } from '../../api.ts'
import { t } from '../../i18n/index.ts'
import { CommandActions } from '../CommandActions.tsx'
import { IconButton } from '../IconButton.tsx'
import { Problem } from '../Problem.tsx'
import { problemOf } from '../session.ts'
import { moment, partOf, selected, tiedTo } from './model.ts'
import { worldPath } from './stream.ts'
import { choose } from './view.ts'

/** The chosen part: state, facts, what it is tied to, the command that shows it, its text and events. */
export function PartPanel() {
  const id = selected.value
  const part = partOf(id)
  const details = useSignal<PartDetails | undefined>(undefined)
  const problem = useSignal<ApiProblem['error'] | undefined>(undefined)
  const heading = useRef<HTMLHeadingElement>(null)
  // What is told of a part changes with it: a new status is a new text.
  const state = part && JSON.stringify(part)
  useEffect(() => {
    // What was is known only by what the picture kept.
    if (!id || !state || moment.value !== undefined) return
    let over = false
    request<PartDetails>('GET', `${worldPath()}/part?id=${encodeURIComponent(id)}`).then(
      (answer) => {
        if (over) return
        details.value = answer
        problem.value = undefined
      },
      (error) => {
        if (!over) problem.value = problemOf(error)
      },
    )
    return () => {
      over = true
    }
  }, [id, state])
  useEffect(() => {
    details.value = undefined
    problem.value = undefined
    heading.current?.focus({ preventScroll: true })
  }, [id])
  if (!id) return null
  const close = () => {
    selected.value = undefined
  }
  const shown = details.value?.part.id === id ? details.value : undefined
  return (
    <aside
      class="part-panel"
      aria-label={t.world.details}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close()
      }}
    >
      <header>
        <h3 ref={heading} tabIndex={-1}>
          <span class="kind">{part ? t.world.kind[part.kind] : ''}</span>
          {part?.name ?? t.world.gone}
        </h3>
        <IconButton icon="close" label={t.world.close} onClick={close} />
      </header>
      {part && (
        <dl>
          {part.status && (
            <div>
              <dt>{t.world.column.state}</dt>
              <dd>
                <span class={`state ${part.state}`}>{part.status}</span>
              </dd>
            </div>
          )}
          {Object.entries(part.facts ?? {}).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {part && <Ties id={id} />}
      {shown?.command && (
        <section>
          <h4>{t.world.command}</h4>
          <div class="code-block">
            <pre class="code">{shown.command}</pre>
            <CommandActions command={shown.command} />
          </div>
        </section>
      )}
      {shown && shown.events.length > 0 && (
        <section>
          <h4>{t.world.events}</h4>
          <ul class="events">
            {shown.events.map((event) => (
              <li
                key={`${event.at}${event.reason}${event.message}`}
                class={event.type === 'Warning' ? 'warning' : undefined}
              >
                <time dateTime={new Date(event.at).toISOString()}>
                  {new Date(event.at).toLocaleTimeString()}
                </time>
                {event.reason && <b>{event.reason}</b>} {event.message}
                {event.count > 1 && <span class="count">×{event.count}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
      {shown?.text && (
        <section>
          <h4>{t.world.text[shown.language ?? 'json']}</h4>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
          <pre class="code" tabIndex={0}>
            {shown.text}
          </pre>
        </section>
      )}
      {part && problem.value && <Problem problem={problem.value} />}
    </aside>
  )
}

function Ties({ id }: { id: string }) {
  const ties = tiedTo(id)
  if (ties.length === 0) return null
  return (
    <section>
      <h4>{t.world.tied}</h4>
      <ul class="ties">
        {ties.map((other) => (
          <li key={other}>
            <button type="button" class="button small tie" onClick={() => choose(other)}>
              {t.world.kind[partOf(other)!.kind]}: {partOf(other)!.name}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
