import { useSignal } from '@preact/signals'
import type { BoardState, HelpResult } from '#server/api.ts'
import { ProblemError, request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from '../lab/Dialog.tsx'
import { dayField, endOfDay } from './dates.ts'
import { Field } from './Field.tsx'
import { announcement, board, helpProblems, lab } from './store.ts'

type Person = BoardState['people'][number]

const ACTS = {
  skip: { title: t.board.skip, text: t.board.skipText, step: true, danger: false },
  'reset-step': { title: t.board.resetStep, text: t.board.resetStepText, step: true, danger: true },
  extend: { title: t.board.extend, text: t.board.extendText, step: false, danger: false },
  unlock: { title: t.board.unlock, text: t.board.unlockText, step: false, danger: false },
  reset: { title: t.board.reset, text: t.board.resetText, step: false, danger: true },
  remove: { title: t.board.remove, text: t.board.removeText, step: false, danger: true },
}
type Act = keyof typeof ACTS

/** What an instructor can do for one person or several, in the lab that is shown. */
export function Help({ people, onDone }: { people: Person[]; onDone(): void }) {
  const act = useSignal<Act>('skip')
  const step = useSignal(firstOpen(people[0]!))
  const day = useSignal(dayField(board.value!.cohort.dueAt ?? Date.now()))
  const { text, danger, step: ofStep } = ACTS[act.value]
  const names = people.map(({ name }) => name).join(', ')
  return (
    <Dialog
      danger={danger}
      title={t.board.help(names)}
      text={act.value === 'extend' ? text : `${lab.value?.title}: ${text}`}
      confirm={t.board.doIt}
      onDone={(confirmed) => {
        onDone()
        if (!confirmed) return
        const what =
          act.value === 'extend'
            ? { dueAt: endOfDay(day.value) }
            : { lab: lab.value!.id, ...(ofStep && { step: step.value }) }
        void help(people, act.value, what)
      }}
    >
      <div class="field">
        <label for="help-act">{t.board.helpWith}</label>
        <select
          id="help-act"
          value={act.value}
          onChange={({ currentTarget }) => (act.value = currentTarget.value as Act)}
        >
          {Object.entries(ACTS).map(([name, { title }]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </div>
      {act.value === 'extend' && (
        <Field
          label={t.board.extendTo}
          type="date"
          required
          value={day.value}
          onInput={({ currentTarget }) => (day.value = currentTarget.value)}
        />
      )}
      {ofStep && (
        <div class="field">
          <label for="help-step">{t.board.step}</label>
          <select
            id="help-step"
            value={step.value}
            onChange={({ currentTarget }) => (step.value = currentTarget.value)}
          >
            {lab.value?.steps.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </div>
      )}
    </Dialog>
  )
}

/** The first step that a person has not passed. */
function firstOpen({ cells }: Person): string {
  const steps = lab.value?.steps ?? []
  const open = steps.find(
    ({ id }) =>
      !cells.some((cell) => cell.lab === lab.value!.id && cell.step === id && cell.passedAt !== undefined),
  )
  return (open ?? steps[0])?.id ?? ''
}

/** Does it, and says for whom it did not work. */
async function help(people: Person[], act: Act, what: object): Promise<void> {
  const cohort = `/api/cohorts/${encodeURIComponent(board.value!.cohort.id)}`
  const nameOf = (id: string) => people.find((person) => person.id === id)?.name ?? id
  helpProblems.value = []
  announcement.value = t.board.helping
  try {
    if (act === 'remove') {
      for (const { id } of people) await request('DELETE', `${cohort}/people/${encodeURIComponent(id)}`)
    } else {
      const { failed } = await request<HelpResult>('POST', `${cohort}/help`, {
        act,
        people: people.map(({ id }) => id),
        ...what,
      })
      helpProblems.value = failed.map(({ person, what, why = '', next = '' }) =>
        t.board.helpFailed(nameOf(person), [what, why, next].filter(Boolean).join(' ')),
      )
    }
    announcement.value = t.board.helpDone
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    helpProblems.value = [error.message]
  }
}
