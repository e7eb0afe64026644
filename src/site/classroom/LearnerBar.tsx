import { computed, effect, signal, useSignal } from '@preact/signals'
import type { Broadcast, ClassroomState, Hand, LearnerEvent, Look } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Backoff } from '../lab/backoff.ts'
import { lab, labId } from '../lab/store.ts'
import { dayText } from './dates.ts'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'

const state = signal<ClassroomState | undefined>()
const hand = signal<Hand | undefined>()
/** Who looks at the learner's work now. */
const looks = signal<Look[]>([])
/** What the instructor said and the learner has not closed. */
const message = signal<Pick<Broadcast, 'id' | 'text' | 'link'> | undefined>()
const closed = new Set<string>()

function show(next: Pick<Broadcast, 'id' | 'text' | 'link'> | undefined): void {
  if (next && !closed.has(next.id)) message.value = next
}

function showHand(next: Hand | undefined): void {
  hand.value = next && next.loweredAt === undefined ? next : undefined
  if (next?.answer && next.loweredAt !== undefined) show({ id: next.id, ...next.answer })
}

const mayBeInCourse = computed(() => lab.value?.classroom ?? false)

/** Follows the classroom where the learner is in one. */
export function followLearner(): void {
  let source: EventSource | undefined
  const retry = new Backoff(() => void open())

  async function open() {
    const found = await request<ClassroomState>('GET', '/api/classroom').catch(() => undefined)
    if (!found || found.cohorts.length === 0) return
    state.value = found
    looks.value = found.looks
    showHand(found.hand?.loweredAt === undefined ? found.hand : undefined)
    source?.close()
    source = new EventSource('/api/classroom/events')
    source.onopen = () => retry.reset()
    source.onmessage = ({ data }) => {
      const event = JSON.parse(data) as LearnerEvent
      if (event.type === 'broadcast') show(event.broadcast)
      else if (event.type === 'hand') showHand(event.hand)
      else if (event.type === 'looks') looks.value = event.looks
      else if (event.type === 'skipped')
        show({ id: `${event.lab}/${event.step}`, text: t.learner.skipped(event.by) })
      else
        void request<typeof lab.value>('GET', `/api/labs/${encodeURIComponent(labId)}`).then((next) => {
          if (lab.value?.open === false && next?.open) show({ id: 'opened', text: t.learner.opened })
          lab.value = next
        })
    }
    source.onerror = () => {
      source?.close()
      retry.later()
    }
  }

  addEventListener('pagehide', () => source?.close())
  effect(() => {
    if (mayBeInCourse.value) void open()
  })
}

/** The learner's line to the instructor: messages, and the raised hand. */
export function LearnerBar() {
  const raising = useSignal(false)
  if (!state.value) return null
  return (
    <div class="classroom-note">
      <div role="status">
        {message.value && (
          <p>
            <strong>{t.learner.from}:</strong> {message.value.text}{' '}
            {message.value.link && <a href={message.value.link}>{t.learner.look}</a>}{' '}
            <button
              type="button"
              class="button small quiet"
              onClick={() => {
                closed.add(message.value!.id)
                message.value = undefined
              }}
            >
              {t.learner.dismiss}
            </button>
          </p>
        )}
        {state.value.cohorts.map(
          ({ id, name, dueAt }) =>
            dueAt !== undefined && <p key={id}>{t.learner.due(name, dayText(dueAt), dueAt < Date.now())}</p>,
        )}
        {lab.value && !lab.value.open && <p>{t.learner.notOpen}</p>}
        {looks.value.map((look) => (
          <Looked key={look.id} look={look} />
        ))}
        {hand.value && <p>{hand.value.takenBy === undefined ? t.learner.raised : t.learner.taken}</p>}
      </div>
      {hand.value ? (
        <button
          type="button"
          class="button small"
          onClick={() => request('DELETE', `/api/hands/${hand.value!.id}`)}
        >
          {t.learner.lower}
        </button>
      ) : (
        <button
          type="button"
          class="button small"
          aria-expanded={raising.value}
          onClick={() => (raising.value = !raising.value)}
        >
          {t.learner.raise}
        </button>
      )}
      {raising.value && !hand.value && (
        <Form
          action={t.learner.raise}
          onSubmit={async ({ note }) => {
            const step = lab.value?.steps.find(({ status }) => status !== 'passed')?.id
            hand.value = await request<Hand>('POST', '/api/hands', {
              lab: labId,
              note: note ?? '',
              ...(step && { step }),
            })
            raising.value = false
          }}
        >
          <Field name="note" label={t.learner.note} help={t.learner.raiseText} maxLength={500} />
        </Form>
      )}
    </div>
  )
}

/** Says who looks, and lets them type or not. */
function Looked({ look: { id, instructor, keyboard, replay } }: { look: Look }) {
  const set = (wanted: 'shared' | 'learner') =>
    request('POST', `/api/looks/${encodeURIComponent(id)}/consent`, { keyboard: wanted })
  const text = { learner: t.learner.looking, asked: t.learner.asks, shared: t.learner.types }[keyboard]
  return (
    <p class="looked">
      <strong>{text(instructor.name)}</strong> {replay && t.learner.replays}{' '}
      <button
        type="button"
        class="button small"
        onClick={() => set(keyboard === 'shared' ? 'learner' : 'shared')}
      >
        {keyboard === 'shared' ? t.learner.unshare : t.learner.share}
      </button>{' '}
      {keyboard === 'asked' && (
        <button type="button" class="button small quiet" onClick={() => set('learner')}>
          {t.learner.refuse}
        </button>
      )}
    </p>
  )
}
