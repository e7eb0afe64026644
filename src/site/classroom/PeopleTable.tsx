import { type Signal, useSignal } from '@preact/signals'
import type { BoardState } from '#server/api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { Help } from './Help.tsx'
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
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  const helped = useSignal<Person[] | undefined>(undefined)
  const { people } = board.value!
  const steps = lab.value?.steps ?? []
  const wanted = find.value.toLowerCase()
  const shown = people.filter(({ name }) => name.toLowerCase().includes(wanted)).sort(ORDERS[order.value])
  if (people.length === 0) return <p>{t.board.nobody}</p>
  const all = shown.length > 0 && shown.every(({ id }) => chosen.value.has(id))
  const many = people.filter(({ id }) => chosen.value.has(id))
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
        {many.length > 0 && (
          <button type="button" class="button small" onClick={() => (helped.value = many)}>
            {t.board.helpMany(many.length)}
          </button>
        )}
      </div>
      <Scroll>
        <table class="board-table">
          <thead>
            <tr>
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label={t.board.selectAll}
                  checked={all}
                  onChange={() => (chosen.value = new Set(all ? [] : shown.map(({ id }) => id)))}
                />{' '}
                {t.board.person}
              </th>
              {steps.map(({ id, title }) => (
                <th scope="col" key={id}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((person) => (
              <Row key={person.id} person={person} chosen={chosen} helped={helped} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {helped.value && <Help people={helped.value} onDone={() => (helped.value = undefined)} />}
    </>
  )
}

interface RowProps {
  person: Person
  chosen: Signal<ReadonlySet<string>>
  helped: Signal<Person[] | undefined>
}

function Row({ person, chosen, helped }: RowProps) {
  const here = Object.values(person.pages).some((pages) => pages > 0)
  const { id, name } = person
  const lookAt = [board.value!.cohort.id, id, lab.value?.id ?? ''].map(encodeURIComponent).join('/')
  return (
    <tr>
      <th scope="row">
        <input
          type="checkbox"
          aria-label={t.board.select(name)}
          checked={chosen.value.has(id)}
          onChange={() => {
            const next = new Set(chosen.value)
            if (!next.delete(id)) next.add(id)
            chosen.value = next
          }}
        />{' '}
        {name} <span class="presence">({here ? t.board.here : t.board.away})</span>
        <br />
        <span class="presence">{t.board.passedOf(passed(person), lab.value?.steps.length ?? 0)}</span>{' '}
        <a href={`${href('/classroom/look/')}#${lookAt}`} aria-label={`${t.board.lookIn}: ${name}`}>
          {t.board.lookIn}
        </a>{' '}
        <button
          type="button"
          class="button small quiet"
          aria-label={t.board.help(name)}
          onClick={() => {
            helped.value = [person]
          }}
        >
          …
        </button>
      </th>
      {lab.value?.steps.map((step) => (
        <Cell key={step.id} person={person} step={step} />
      ))}
    </tr>
  )
}

function Cell({ person, step }: { person: Person; step: BoardState['labs'][number]['steps'][number] }) {
  const key = `${lab.value!.id}/${step.id}`
  const cell = person.cells.find(({ lab: of, step: at }) => of === lab.value!.id && at === step.id)
  const opened = person.hints[key]
  const hints = opened !== undefined && (
    <small>
      {opened > step.hints.length ? t.board.solutionShown : t.board.hints(opened, step.hints.length)}
    </small>
  )
  if (!cell)
    return (
      <td class="cell-none">
        {t.board.untouched}
        {hints}
      </td>
    )
  if (cell.passedAt !== undefined)
    return (
      <td class="cell-passed">
        ✓ {person.skipped.includes(key) ? t.board.skipped : t.board.done}
        {hints}
      </td>
    )
  return (
    <td class="cell-failed">
      {t.board.working} · {t.board.since(Math.floor((now.value - cell.since) / 60_000))}
      {cell.finding && <small>{cell.finding.title}</small>}
      {hints}
    </td>
  )
}
