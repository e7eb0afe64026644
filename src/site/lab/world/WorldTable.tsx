import { useComputed, useSignal } from '@preact/signals'
import { t } from '../../i18n/index.ts'
import { type Place, selected, world } from './model.ts'

/** Rows at first; more by choice. */
const PAGE = 200
const COLUMNS = ['kind', 'name', 'state', 'where'] as const
type Column = (typeof COLUMNS)[number]

/** The world as a table, sorted by a column. */
export function WorldTable() {
  const by = useSignal<{ column: Column; down: boolean }>({ column: 'where', down: false })
  const limit = useSignal(PAGE)
  const rows = useComputed(() => {
    const found: Record<Column | 'id' | 'tone', string>[] = []
    const walk = (places: Place[], where: string) => {
      for (const { part, places: inside } of places) {
        found.push({
          id: part.id,
          tone: part.state,
          kind: t.world.kind[part.kind],
          name: part.name,
          state: part.status ?? '',
          where,
        })
        walk(inside, where ? `${where} › ${part.name}` : part.name)
      }
    }
    walk(world.value, '')
    const { column, down } = by.value
    // In the order of the tree, which is that of where things are.
    if (column !== 'where')
      found.sort((a, b) => a[column].localeCompare(b[column], undefined, { numeric: true }))
    return down ? found.reverse() : found
  })

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section class="world-table" aria-label={t.world.tableLabel} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={
                  by.value.column === column ? (by.value.down ? 'descending' : 'ascending') : undefined
                }
              >
                <button
                  type="button"
                  onClick={() => {
                    by.value = { column, down: by.value.column === column && !by.value.down }
                  }}
                >
                  {t.world.column[column]}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.value.slice(0, limit.value).map((row) => (
            <tr key={row.id} class={row.id === selected.value ? 'chosen' : undefined}>
              <td>{row.kind}</td>
              <th scope="row">
                <button
                  type="button"
                  onClick={() => {
                    selected.value = row.id
                  }}
                >
                  {row.name}
                </button>
              </th>
              <td>
                <span class={`state ${row.tone}`}>{row.state}</span>
              </td>
              <td class="where">{row.where}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.value.length > limit.value && (
        <button
          type="button"
          class="button small"
          onClick={() => {
            limit.value += PAGE
          }}
        >
          {t.world.more(rows.value.length - limit.value)}
        </button>
      )}
    </section>
  )
}
