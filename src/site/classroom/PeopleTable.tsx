import { type Signal, useSignal } from '@preact/signals'
import type { BoardState } from '#server/api.ts'
import { request } from '../api.ts'
import { t } from '../i18n/index.ts'
import { Dialog } from '../lab/Dialog.tsx'
import { Scroll } from './Scroll.tsx'
import { board, lab, now } from './store.ts'

type Person = BoardState['people'][number]
type Order = 'name' | 'progress' | 'stuck'

const passed = ({ cells }: Person) =>
  cells.filter((cell) => cell.lab === lab.value?.id && cell.passedAt !== undefined).length
/** When somebody began to fail by what they fail by now; the future for who does not. */
const failingSince = ({ cells }: Person) =>
  Math.min(
    Number.POSITIVE_INFINITY,
    ...cells.filter(({ finding, lab: of }) => finding && of === lab.value?.id).map(({ since }) => since),
  )

const ORDERS: Record<Order, (a: Person, b: Person) => number> = {
  name: (a, b) => a.name.localeCompare(b.name),
  progress: (a, b) => passed(a) - passed(b),
  stuck: (a, b) => failingSince(a) - failingSince(b),
}

/** People by steps: what has passed, and what stands in the way since when. */
export function People() {
  const find = useSignal('')
  const order = useSignal<Order>('name')
  const helped = useSignal<Person | undefined>(undefined)
  const { people } = board.value!
  const steps = lab.value?.steps ?? []
  const wanted = find.value.toLowerCase()
  const shown = people.filter(({ name }) => name.toLowerCase().includes(wanted)).sort(ORDERS[order.value])
  if (people.length === 0) return <p>{t.board.nobody}</p>
  return (
    <>
      <div class="board-tools">
        <div class="field">
          <label for="board-find">{t.board.find}</label>
          <input
            id="board-find"
            type="search"
            value={find.value}
            onInput={({ currentTarget }) => (find.value = currentTarget.value)}
          />
        </div>
        <div class="field">
          <label for="board-sort">{t.board.sort}</label>
          <select
            id="board-sort"
            value={order.value}
            onChange={({ currentTarget }) => (order.value = currentTarget.value as Order)}
          >
            <option value="name">{t.board.byName}</option>
            <option value="progress">{t.board.byProgress}</option>
            <option value="stuck">{t.board.byStuck}</option>
          </select>
        </div>
      </div>
      <Scroll>
        <table class="board-table">
          <thead>
            <tr>
              <th scope="col">{t.board.person}</th>
              {steps.map(({ id, title }) => (
                <th scope="col" key={id}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((person) => (
              <Row key={person.id} person={person} helped={helped} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {helped.value && <Help person={helped.value} onDone={() => (helped.value = undefined)} />}
    </>
  )
}

function Row({ person, helped }: { person: Person; helped: Signal<Person | undefined> }) {
  const here = Object.values(person.pages).some((pages) => pages > 0)
  return (
    <tr>
      <th scope="row">
        {person.name} <span class="presence">({here ? t.board.here : t.board.away})</span>
        <br />
        <span class="presence">{t.board.passedOf(passed(person), lab.value?.steps.length ?? 0)}</span>{' '}
        <button
          type="button"
          class="button small quiet"
          aria-label={t.board.help(person.name)}
          onClick={() => {
            helped.value = person
          }}
        >
          …
        </button>
      </th>
      {lab.value?.steps.map(({ id }) => (
        <Cell key={id} cell={person.cells.find(({ lab: of, step }) => of === lab.value!.id && step === id)} />
      ))}
    </tr>
  )
}

function Cell({ cell }: { cell: Person['cells'][number] | undefined }) {
  if (!cell) return <td class="cell-none">{t.board.untouched}</td>
  if (cell.passedAt !== undefined) return <td class="cell-passed">✓ {t.board.done}</td>
  return (
    <td class="cell-failed">
      {t.board.working} · {t.board.since(Math.floor((now.value - cell.since) / 60_000))}
      {cell.finding && <small>{cell.finding.title}</small>}
    </td>
  )
}

/** What an instructor can do for one person. */
function Help({ person, onDone }: { person: Person; onDone(): void }) {
  const asked = useSignal<'reset' | 'remove' | undefined>(undefined)
  const path = `/api/cohorts/${encodeURIComponent(board.value!.cohort.id)}/people/${encodeURIComponent(person.id)}`
  if (asked.value) {
    const removing = asked.value === 'remove'
    return (
      <Dialog
        danger
        title={removing ? t.board.remove : t.board.reset}
        text={removing ? t.board.removeText(person.name) : t.board.resetText(person.name)}
        confirm={removing ? t.board.remove : t.board.reset}
        onDone={async (confirmed) => {
          onDone()
          if (!confirmed) return
          await (removing
            ? request('DELETE', path)
            : request('POST', `${path}/help`, { act: 'reset', lab: lab.value!.id }))
        }}
      />
    )
  }
  return (
    <Dialog
      title={t.board.help(person.name)}
      text={lab.value?.title ?? ''}
      confirm={t.board.unlock}
      onDone={async (confirmed) => {
        if (asked.value) return
        onDone()
        if (confirmed) await request('POST', `${path}/help`, { act: 'unlock', lab: lab.value!.id })
      }}
    >
      <div class="row-actions">
        <button type="button" class="button small" onClick={() => (asked.value = 'reset')}>
          {t.board.reset}
        </button>
        <button type="button" class="button small" onClick={() => (asked.value = 'remove')}>
          {t.board.remove}
        </button>
      </div>
    </Dialog>
  )
}
