import { useSignal } from '@preact/signals'
import type { ConsoleResource, ConsoleType } from '#server/api.ts'
import { t } from '../i18n/index.ts'
import { address } from './route.ts'
import { Scalar } from './Value.tsx'
import { compareValues, valuesAt } from './values.ts'

/** A cell shows so many values; the rest stands on the resource's own page. */
const IN_CELL = 3

/** Resources of one type in a table with the type's columns, sorted by any of them. */
export function Rows({
  type,
  resources,
  caption,
}: {
  type: ConsoleType
  resources: ConsoleResource[]
  caption: string
}) {
  const sort = useSignal<{ path: string; down: boolean } | undefined>(undefined)
  const sorted = [...resources]
  const by = sort.value
  if (by) {
    const sortedBy = (one: ConsoleResource) =>
      by.path === '' ? one.name : valuesAt(one.attributes, by.path)[0]
    sorted.sort((a, b) => compareValues(sortedBy(a), sortedBy(b)) * (by.down ? -1 : 1))
  }
  const header = (label: string, path: string) => {
    const active = by?.path === path
    return (
      <th scope="col" key={path} aria-sort={active ? (by.down ? 'descending' : 'ascending') : undefined}>
        <button
          type="button"
          onClick={() => {
            sort.value = { path, down: active && !by.down }
          }}
        >
          {label}
          <span aria-hidden="true" class="sorted">
            {active ? (by.down ? '▼' : '▲') : ''}
          </span>
        </button>
      </th>
    )
  }
  return (
    // What scrolls must be reachable by keyboard.
    <section class="console-table" tabindex={0} aria-label={caption}>
      <table>
        <thead>
          <tr>
            {header(t.console.name, '')}
            {type.columns.map(({ label, path }) => header(label, path))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <a href={address({ type: type.id, id: one.id })}>{one.name}</a>
              </th>
              {type.columns.map(({ path }) => (
                <td key={path} class={isLong(one, path) ? 'long' : undefined}>
                  <Cell type={type} path={path} values={valuesAt(one.attributes, path)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

/** Whether a cell's text may be broken: ids and states stay in one line. */
function isLong({ attributes }: ConsoleResource, path: string): boolean {
  return valuesAt(attributes, path).join(', ').length > 45
}

function Cell({ type, path, values }: { type: ConsoleType; path: string; values: unknown[] }) {
  if (values.length === 0) return <span class="quiet-text">–</span>
  const shown = [
    ...new Set(values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : value))),
  ]
  return (
    <>
      {shown.slice(0, IN_CELL).map((value, index) => (
        <>
          {index > 0 && ', '}
          <Scalar type={type} path={path} value={value} />
        </>
      ))}
      {shown.length > IN_CELL && ` ${t.console.andMore(shown.length - IN_CELL)}`}
    </>
  )
}
