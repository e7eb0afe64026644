import { useComputed, useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { t } from '../../i18n/index.ts'
import { filter, type Place, selected, world } from './model.ts'

interface Row {
  place: Place
  level: number
  open: boolean | undefined
  position: number
  of: number
}

/** Depth to which a large tree is open at first: account, region, VPCs and what is in them. A small one is open. */
const OPEN_TO = 4
const SMALL = 60

/** The world as a tree: arrow keys go through it, Enter shows details. https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ (read 2026-11) */
export function WorldTree() {
  const list = useRef<HTMLDivElement>(null)
  /** Those that somebody opened or closed. */
  const turned = useSignal<ReadonlyMap<string, boolean>>(new Map())
  const focused = useSignal<string | undefined>(undefined)
  const rows = useComputed(() => {
    // What matches a filter must be seen.
    const size = world.value.reduce((sum, place) => sum + place.size + 1, 0)
    const all = filter.value.text !== '' || filter.value.troubled || size <= SMALL
    const found: Row[] = []
    const walk = (places: Place[], level: number) => {
      places.forEach((place, index) => {
        const open =
          place.places.length === 0
            ? undefined
            : (turned.value.get(place.part.id) ?? (all || level < OPEN_TO))
        found.push({ place, level, open, position: index + 1, of: places.length })
        if (open) walk(place.places, level + 1)
      })
    }
    walk(world.value, 1)
    return found
  })
  const turn = (id: string, open: boolean) => {
    turned.value = new Map(turned.value).set(id, open)
  }
  const go = (row: Row | undefined) => {
    if (!row) return
    focused.value = row.place.part.id
    // After the row can take it.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus())
  }

  function key(event: KeyboardEvent) {
    const all = rows.value
    const at = Math.max(
      0,
      all.findIndex(({ place }) => place.part.id === focused.value),
    )
    const row = all[at]
    if (!row) return
    const { id } = row.place.part
    const acts: Record<string, () => void> = {
      ArrowDown: () => go(all[at + 1]),
      ArrowUp: () => go(all[at - 1]),
      Home: () => go(all[0]),
      End: () => go(all.at(-1)),
      ArrowRight: () => (row.open === false ? turn(id, true) : row.open && go(all[at + 1])),
      ArrowLeft: () =>
        row.open ? turn(id, false) : go(all.slice(0, at).findLast(({ level }) => level < row.level)),
      Enter: () => {
        selected.value = id
      },
      ' ': () => {
        selected.value = id
      },
    }
    const act = acts[event.key]
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    act()
  }

  const tabbable = rows.value.some(({ place }) => place.part.id === focused.value)
    ? focused.value
    : rows.value[0]?.place.part.id
  return (
    <div class="world-tree" role="tree" aria-label={t.world.treeLabel} ref={list} onKeyDown={key}>
      {rows.value.map((row) => (
        <TreeRow
          key={row.place.part.id}
          row={row}
          tabbable={row.place.part.id === tabbable}
          onOpen={(open) => turn(row.place.part.id, open)}
          onFocus={() => {
            focused.value = row.place.part.id
          }}
        />
      ))}
    </div>
  )
}

interface RowProps {
  row: Row
  tabbable: boolean
  onOpen(open: boolean): void
  onFocus(): void
}

function TreeRow({ row, tabbable, onOpen, onFocus }: RowProps) {
  const { place, level, open, position, of } = row
  const { part } = place
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree handles keys
    <div
      role="treeitem"
      class={`row level-${Math.min(level, 9)}`}
      aria-level={level}
      aria-expanded={open}
      aria-posinset={position}
      aria-setsize={of}
      aria-selected={part.id === selected.value}
      tabIndex={tabbable ? 0 : -1}
      onFocus={onFocus}
      onClick={({ target }) => {
        if (open !== undefined && target instanceof Element && target.closest('.twist')) onOpen(!open)
        else selected.value = part.id
      }}
    >
      <span class="twist" aria-hidden="true">
        {open === undefined ? '' : open ? '▾' : '▸'}
      </span>
      <span class="kind">{t.world.kind[part.kind]}</span> <b>{part.name}</b>
      {part.status && <span class={`state ${part.state}`}>{part.status}</span>}
      {open === false && <span class="count">{t.world.inside(place.size)}</span>}
    </div>
  )
}
