import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { DoctorFinding } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import type { Pane } from './layout/panes.ts'
import { lab } from './store.ts'
import { stored, yesOrNo } from './stored.ts'

/** In the order of work. */
const STOPS = ['steps', 'terminal', 'files', 'world', 'preview'] as const satisfies Pane[]
/** Whether this browser was asked, or has taken the tour. */
const asked = stored('tour.asked', false, yesOrNo)

/** What a person meets first: what is missing on this machine, and the offer of a tour. */
export function Welcome() {
  const touring = useSignal(false)
  return (
    <>
      {lab.value && <MissingTools />}
      {!asked.value && !touring.value && (
        <p class="welcome">
          {t.tour.offer}
          <button
            type="button"
            class="button small"
            onClick={() => {
              touring.value = true
            }}
          >
            {t.tour.take}
          </button>
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              asked.value = true
            }}
          >
            {t.tour.skip}
          </button>
        </p>
      )}
      {touring.value && (
        <Tour
          onDone={() => {
            touring.value = false
            asked.value = true
          }}
        />
      )}
    </>
  )
}

/** One part of the page after the other, in a dialog that any key out of it ends. */
function Tour({ onDone }: { onDone(): void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const at = useSignal(0)
  const pane = STOPS[at.value]!
  const { title, text } = t.tour.stops[pane]
  useEffect(() => dialog.current?.showModal(), [])
  useEffect(() => {
    document.body.dataset.tour = pane
    return () => {
      delete document.body.dataset.tour
    }
  }, [pane])
  const last = at.value === STOPS.length - 1
  return (
    <dialog
      ref={dialog}
      class="tour"
      aria-labelledby="tour-title"
      aria-describedby="tour-text"
      onClose={onDone}
    >
      <h2 id="tour-title">{title}</h2>
      <p id="tour-text" aria-live="polite">
        {text}
      </p>
      <p class="count">{t.tour.at(at.value + 1, STOPS.length)}</p>
      <div class="dialog-actions">
        <button type="button" class="button quiet" onClick={() => dialog.current?.close()}>
          {t.tour.end}
        </button>
        {at.value > 0 && (
          <button type="button" class="button" onClick={() => at.value--}>
            {t.tour.back}
          </button>
        )}
        <button
          type="button"
          class="button primary"
          onClick={() => (last ? dialog.current?.close() : at.value++)}
        >
          {last ? t.tour.done : t.tour.next}
        </button>
      </div>
    </dialog>
  )
}

/** What `drydock doctor` finds missing, with what to do about it. */
function MissingTools() {
  const missing = useSignal<DoctorFinding[]>([])
  useEffect(() => {
    request<DoctorFinding[]>('GET', '/api/doctor').then(
      (findings) => {
        missing.value = findings.filter(({ status }) => status === 'missing')
      },
      // The page says by itself when the server is away.
      () => {},
    )
  }, [])
  if (missing.value.length === 0) return null
  return (
    <details class="notice missing">
      <summary>{t.tour.missing(missing.value.map(({ name }) => name).join(', '))}</summary>
      <ul>
        {missing.value.map(({ name, detail, next }) => (
          <li key={name}>
            <b>{name}</b>: {detail}
            {next && `; ${next}`}
          </li>
        ))}
      </ul>
      <p>{t.tour.doctor}</p>
    </details>
  )
}
