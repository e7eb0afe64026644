import { type Signal, useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { BoardState } from '#server/api.ts'
import { href } from '../href.ts'
import { t } from '../i18n/index.ts'
import { oneOf, stored } from '../lab/stored.ts'
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

const DENSITIES = ['compact', 'full'] as const
/** Whether each person has one line, or as many as it takes to read all of it. */
const density = stored<(typeof DENSITIES)[number]>('board.density', 'compact', oneOf(DENSITIES))

/** People by steps: what has passed, and what stands in the way since when. `tools`: more of what stands above the table. */
export function People({ tools }: { tools: ComponentChildren }) {
  const find = useSignal('')
  const order = useSignal<Order>('name')
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  const helped = useSignal<Person[] | undefined>(undefined)
  const { people } = board.value!
  const steps = lab.value?.steps ?? []
  const wanted = find.value.toLowerCase()
  const shown = people.filter(({ name }) => name.toLowerCase().includes(wanted)).sort(ORDERS[order.value])
  if (people.length === 0)
    return (
      <>
        <div class="board-tools">{tools}</div>
        <p>{t.board.nobody}</p>
      </>
    )
  const all = shown.length > 0 && shown.every(({ id }) => chosen.value.has(id))
  const many = people.filter(({ id }) => chosen.value.has(id))
  return (
    <>
      <div class="board-tools">
        {tools}
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
        <div class="field">
          <label for="board-density">{t.board.density}</label>
          <select
            id="board-density"
            value={density.value}
            onChange={({ currentTarget }) => {
              density.value = oneOf(DENSITIES)(currentTarget.value)!
            }}
          >
            <option value="compact">{t.board.compact}</option>
            <option value="full">{t.board.full}</option>
          </select>
        </div>
        {many.length > 0 && (
          <button type="button" class="button small" onClick={() => (helped.value = many)}>
            {t.board.helpMany(many.length)}
          </button>
        )}
      </div>
      <Scroll>
        <table class="board-table" data-density={density.value} style={{ '--steps': steps.length }}>
          <thead>
            <tr>
              <th scope="col">
                <div class="person">
                  <Tick
                    label={t.board.selectAll}
                    checked={all}
                    onChange={() => (chosen.value = new Set(all ? [] : shown.map(({ id }) => id)))}
                  />
                  {t.board.person}
                </div>
              </th>
              {steps.map(({ id, title }) => (
                <th scope="col" key={id} title={title}>
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

interface TickProps {
  label: string
  checked: boolean
  onChange(): void
}

/** A box with room around it to hit. */
function Tick({ label, checked, onChange }: TickProps) {
  return (
    <label class="tick">
      <input type="checkbox" aria-label={label} checked={checked} onChange={onChange} />
    </label>
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
        <div class="person">
          <Tick
            label={t.board.select(name)}
            checked={chosen.value.has(id)}
            onChange={() => {
              const next = new Set(chosen.value)
              if (!next.delete(id)) next.add(id)
              chosen.value = next
            }}
          />
          <span class="name" title={name}>
            {name}
          </span>
          <span class={`presence ${here ? 'here' : ''}`} title={here ? t.board.here : t.board.away}>
            <span>({here ? t.board.here : t.board.away})</span>
          </span>
          <span class="count">{t.board.passedOf(passed(person), lab.value?.steps.length ?? 0)}</span>
          <a href={`${href('/classroom/look/')}#${lookAt}`} aria-label={`${t.board.lookIn}: ${name}`}>
            {t.board.lookIn}
          </a>
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
        </div>
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
  const hints =
    opened === undefined
      ? undefined
      : opened > step.hints.length
        ? t.board.solutionShown
        : t.board.hints(opened, step.hints.length)
  const help = hints && <small class="help">{hints}</small>
  if (!cell)
    return (
      <td class="cell-none" title={hints}>
        <div>
          <span class="untouched">{t.board.untouched}</span>
          {help}
        </div>
      </td>
    )
  if (cell.passedAt !== undefined)
    return (
      <td class="cell-passed" title={hints}>
        <div>
          <span>✓ {person.skipped.includes(key) ? t.board.skipped : t.board.done}</span>
          {help}
        </div>
      </td>
    )
  const since = t.board.since(Math.floor((now.value - cell.since) / 60_000))
  return (
    <td
      class="cell-failed"
      title={[t.board.working, since, cell.finding?.title, hints].filter(Boolean).join(' · ')}
    >
      <div>
        <span>
          <span class="state">{t.board.working} · </span>
          {since}
        </span>
        {cell.finding && <small>{cell.finding.title}</small>}
        {help}
      </div>
    </td>
  )
}
