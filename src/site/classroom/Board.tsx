import { useSignal } from '@preact/signals'
import type { Cohort } from '#server/api.ts'
import { request } from '../api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from '../lab/Dialog.tsx'
import { Assignment } from './Assignment.tsx'
import { Field } from './Field.tsx'
import { Form } from './Form.tsx'
import { Hands } from './Hands.tsx'
import { Lost } from './Lost.tsx'
import { People } from './PeopleTable.tsx'
import { announcement, board, chosenLab, connected, helpProblems, lab, stuck } from './store.ts'

const path = () => `/api/cohorts/${encodeURIComponent(board.value!.cohort.id)}`

/** Changes the cohort; the server tells the page of it. */
export async function changeCohort(changes: Partial<Pick<Cohort, 'pace' | 'open'>>): Promise<void> {
  const cohort = await request<Cohort>('PATCH', path(), changes)
  board.value = { ...board.value!, cohort }
}

/** Where everybody is, who needs help, and what to do for all. */
export function Board() {
  const { cohort } = board.value!
  return (
    <div class="board">
      <header class="board-head">
        <h1>{cohort.name}</h1>
        <JoinCode cohort={cohort} />
        <p>
          <a class="button small" href={href('/classroom/')}>
            {t.courses.all}
          </a>
          <a class="button small" href={`${path()}/report.csv`} download>
            {t.board.report}
          </a>
        </p>
      </header>
      <Lost connected={connected} />
      <div class="board-columns">
        <section class="panel board-people" aria-labelledby="table-title">
          <h2 id="table-title">{t.board.table}</h2>
          {helpProblems.value.map((problem) => (
            <p class="problem" role="alert" key={problem}>
              {problem}
            </p>
          ))}
          <People tools={<Pace />} />
        </section>
        <div class="board-side">
          <Hands />
          <Stuck />
          <Broadcast />
          <Assignment key={cohort.id} />
        </div>
      </div>
    </div>
  )
}

function JoinCode({ cohort }: { cohort: Cohort }) {
  const asking = useSignal(false)
  return (
    <p>
      <span>{t.board.code}</span> <span class="join-code">{cohort.code}</span>
      <button
        type="button"
        class="button small"
        onClick={async () => {
          await navigator.clipboard.writeText(cohort.code)
          announcement.value = t.board.copied
        }}
      >
        {t.board.copy}
      </button>
      <button type="button" class="button small quiet" onClick={() => (asking.value = true)}>
        {t.board.newCode}
      </button>
      {asking.value && (
        <Dialog
          title={t.board.newCode}
          text={t.board.newCodeText}
          confirm={t.board.newCode}
          onDone={async (confirmed) => {
            asking.value = false
            if (confirmed) {
              const renewed = await request<Cohort>('POST', `${path()}/code`)
              board.value = { ...board.value!, cohort: renewed }
            }
          }}
        />
      )}
    </p>
  )
}

/** Which lab is looked at, and whether learners may start it. */
function Pace() {
  const { cohort, labs } = board.value!
  const shown = lab.value
  const open = shown !== undefined && cohort.open.includes(shown.id)
  return (
    <>
      <div class="field">
        <label for="board-lab">{t.board.lab}</label>
        <select
          id="board-lab"
          value={shown?.id}
          onChange={({ currentTarget }) => (chosenLab.value = currentTarget.value)}
        >
          {labs.map(({ id, title }) => (
            <option value={id} key={id}>
              {title}
            </option>
          ))}
        </select>
      </div>
      <div class="field">
        <label for="board-pace">{t.board.pace}</label>
        <select
          id="board-pace"
          value={cohort.pace}
          onChange={({ currentTarget }) => changeCohort({ pace: currentTarget.value as Cohort['pace'] })}
        >
          <option value="free">{t.board.free}</option>
          <option value="gated">{t.board.gated}</option>
        </select>
      </div>
      {cohort.pace === 'gated' && shown && (
        <>
          <span class={`tag ${open ? 'ready' : ''}`}>{open ? t.board.isOpen : t.board.isClosed}</span>
          <button
            type="button"
            class="button small"
            onClick={() =>
              changeCohort({
                open: open ? cohort.open.filter((id) => id !== shown.id) : [...cohort.open, shown.id],
              })
            }
          >
            {open ? t.board.closeLab : t.board.openLab}
          </button>
        </>
      )}
    </>
  )
}

/** So many names; a longer list says how many more. */
const NAMES = 6

const namesOf = (people: { name: string }[]) =>
  [
    ...people.slice(0, NAMES).map(({ name }) => name),
    ...(people.length > NAMES ? [t.board.more(people.length - NAMES)] : []),
  ].join(', ')

/** The findings at which people stand, the most people first. */
function Stuck() {
  return (
    <section class="panel" aria-labelledby="stuck-title">
      <h2 id="stuck-title">{t.board.stuck}</h2>
      {stuck.value.length === 0 && <p>{t.board.noStuck}</p>}
      <ul>
        {stuck.value.map(({ step, title, people }) => (
          <li key={`${step} ${title}`}>
            <strong>{t.board.people(people.length)}</strong>: {title}
            <br />
            <small>
              {lab.value!.steps.find(({ id }) => id === step)?.title} · {namesOf(people)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Broadcast() {
  const text = useSignal('')
  return (
    <section class="panel" aria-labelledby="broadcast-title">
      <h2 id="broadcast-title">{t.board.broadcast}</h2>
      <Form
        action={t.board.send}
        onSubmit={async () => {
          await request('POST', `${path()}/broadcasts`, { text: text.value })
          text.value = ''
          announcement.value = t.board.sent
        }}
      >
        <Field
          label={t.board.broadcastText}
          required
          maxLength={1000}
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
        />
      </Form>
    </section>
  )
}
