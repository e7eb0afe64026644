import { computed, effect, signal } from '@preact/signals'
import { stored } from '../stored.ts'

/** The parts of the lab page, in the order in which they stand on it. */
export const PANES = ['steps', 'world', 'terminal'] as const
export type Pane = (typeof PANES)[number]
type Panes = Record<Pane, boolean>

const wanted = stored<Panes>('panes', { steps: true, world: false, terminal: true }, readPanes)

/** Whether panes stand above one another, for lack of width; the same limit as in lab.css. */
export const narrow = signal(false)
const width = matchMedia('(max-width: 60rem)')
narrow.value = width.matches
width.addEventListener('change', ({ matches }) => {
  narrow.value = matches
})

/** What is shown. Where it is narrow, the world takes the place of the steps. */
export const panes = computed<Panes>(() => ({
  ...wanted.value,
  steps: wanted.value.steps && !(narrow.value && wanted.value.world),
}))

effect(() => {
  for (const pane of PANES) document.body.dataset[pane] = panes.value[pane] ? 'shown' : 'hidden'
})

/** Shows or hides a pane. The last one stays. */
export function togglePane(pane: Pane): void {
  const next = { ...panes.value, [pane]: !panes.value[pane] }
  if (narrow.value && pane === 'steps') next.world = false
  // Hiding what took the steps' place brings them back.
  if (narrow.value && pane === 'world' && !next.world) next.steps = true
  if (Object.values(next).some(Boolean)) wanted.value = next
}

export function showPane(pane: Pane): void {
  if (!panes.value[pane]) togglePane(pane)
}

function readPanes(value: unknown): Panes | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const known = value as Partial<Record<Pane, unknown>>
  const read = {
    steps: known.steps === true,
    world: known.world === true,
    terminal: known.terminal === true,
  }
  return Object.values(read).some(Boolean) ? read : undefined
}
