import { useSignal } from '@preact/signals'
import type { Hand } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { board, now, session } from './store.ts'

/** The queue of raised hands, with what the check of each found. */
export function Hands() {
  const { hands } = board.value!
  return (
    <section class="panel" aria-labelledby="hands-title">
      <h2 id="hands-title">{t.board.hands}</h2>
      <div role="status">{hands.length === 0 && <p>{t.board.noHands}</p>}</div>
      <ul>
        {hands.map((hand) => (
          <RaisedHand hand={hand} key={hand.id} />
        ))}
      </ul>
    </section>
  )
}

function RaisedHand({ hand }: { hand: Hand }) {
  const answering = useSignal(false)
  const { people, labs } = board.value!
  const person = people.find(({ id }) => id === hand.person)
  const lab = labs.find(({ id }) => id === hand.lab)
  const cell = person?.cells.findLast(
    ({ lab, step, finding }) => lab === hand.lab && step === (hand.step ?? step) && finding,
  )
  const step = lab?.steps.find(({ id }) => id === (hand.step ?? cell?.step))
  const mine = hand.takenBy === session.value?.person?.id
  return (
    <li>
      <strong>{person?.name}</strong> · {t.board.since(Math.floor((now.value - hand.raisedAt) / 60_000))}
      <br />
      {[lab?.title, step?.title].filter(Boolean).join(' · ')}
      {cell?.finding && (
        <small>
          <br />
          {cell.finding.title}
          {cell.finding.observed && `: ${cell.finding.observed}`}
        </small>
      )}
      {hand.note && <p>“{hand.note}”</p>}
      <div class="row-actions">
        {hand.takenBy === undefined ? (
          <button
            type="button"
            class="button small"
            onClick={() => request('POST', `/api/hands/${hand.id}/take`)}
          >
            {t.board.take}
          </button>
        ) : (
          <span class="tag ready">{mine ? t.board.you : t.board.taken('')}</span>
        )}
        <button
          type="button"
          class="button small"
          aria-expanded={answering.value}
          onClick={() => (answering.value = !answering.value)}
        >
          {t.board.answer}
        </button>
      </div>
      {answering.value && (
        <Form
          action={t.board.answerSend}
          onSubmit={({ text }) => request('POST', `/api/hands/${hand.id}/answer`, { text })}
        >
          <Field name="text" label={t.board.answerText} maxLength={1000} />
        </Form>
      )}
    </li>
  )
}
