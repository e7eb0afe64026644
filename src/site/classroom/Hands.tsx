import { useSignal } from '@preact/signals'
import type { Hand, LabOutline } from '#server/api.ts'
import { request } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { Scroll } from './Scroll.tsx'
import { board, now, session } from './store.ts'

/** The queue of raised hands, with what the check of each found. */
export function Hands() {
  const { hands } = board.value!
  return (
    <section class="panel" aria-labelledby="hands-title">
      <h2 id="hands-title">
        {t.board.hands}
        {hands.length > 0 && ` (${hands.length})`}
      </h2>
      <div role="status">{hands.length === 0 && <p>{t.board.noHands}</p>}</div>
      {hands.length > 0 && (
        <Scroll class="board-queue">
          <ul>
            {hands.map((hand) => (
              <RaisedHand hand={hand} key={hand.id} />
            ))}
          </ul>
        </Scroll>
      )}
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
      {answering.value && <Answer hand={hand} lab={lab} step={step} />}
    </li>
  )
}

interface AnswerProps {
  hand: Hand
  lab: LabOutline | undefined
  /** At which the hand was raised. */
  step: LabOutline['steps'][number] | undefined
}

/** Words of one's own or a hint that the lab has, and a step to lead to. */
function Answer({ hand, lab, step }: AnswerProps) {
  const text = useSignal('')
  const link = useSignal('')
  const id = `answer-${hand.id}`
  return (
    <Form
      action={t.board.answerSend}
      onSubmit={() =>
        request('POST', `/api/hands/${hand.id}/answer`, {
          text: text.value,
          ...(link.value && { link: link.value }),
        })
      }
    >
      {step && (
        <div class="field">
          <label for={`${id}-hint`}>{t.board.answerHint}</label>
          <select id={`${id}-hint`} onChange={({ currentTarget }) => (text.value = currentTarget.value)}>
            <option value="">{t.board.ownWords}</option>
            {step.hints.map((hint) => (
              <option key={hint} value={hint}>
                {hint}
              </option>
            ))}
          </select>
        </div>
      )}
      <Field
        label={t.board.answerText}
        maxLength={1000}
        value={text.value}
        onInput={({ currentTarget }) => (text.value = currentTarget.value)}
      />
      {lab && (
        <div class="field">
          <label for={`${id}-link`}>{t.board.answerLink}</label>
          <select id={`${id}-link`} onChange={({ currentTarget }) => (link.value = currentTarget.value)}>
            <option value="">{t.board.noLink}</option>
            {lab.steps.map(({ id: name, title }) => (
              <option key={name} value={href(`/labs/${lab.id}/#${name}`)}>
                {title}
              </option>
            ))}
          </select>
        </div>
      )}
    </Form>
  )
}
