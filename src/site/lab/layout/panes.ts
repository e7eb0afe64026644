import { computed, effect, signal } from '@preact/signals'
import { stored } from '../stored.ts'

/** The parts of the lab page, in the order in which they stand on it. */
export const PANES = ['steps', 'files', 'world', 'terminal'] as const
export type Pane = (typeof PANES)[number]
type Panes = Record<Pane, boolean>

const wanted = stored<Panes>('panes', { steps: true, files: false, world: false, terminal: true }, readPanes)

/** Whether panes stand above one another, for lack of width; the same limit as in lab.css. */
export const narrow = signal(false)
const width = matchMedia('(max-width: 60rem)')
narrow.value = width.matches
width.addEventListener('change', ({ matches }) => {
  narrow.value = matches
})

/** What stands above the terminal: files or the world. */
const above = ({ files, world }: Panes) => files || world

/** What is shown. Where it is narrow, what stands above the terminal takes the place of the steps. */
export const panes = computed<Panes>(() => ({
  ...wanted.value,
  steps: wanted.value.steps && !(narrow.value && above(wanted.value)),
}))
export const aboveTerminal = computed(() => above(panes.value))

effect(() => {
  const { dataset } = document.body
  for (const pane of PANES) dataset[pane] = panes.value[pane] ? 'shown' : 'hidden'
  dataset.above = aboveTerminal.value ? 'shown' : 'hidden'
})

/** Shows or hides a pane. The last one stays. */
export function togglePane(pane: Pane): void {
  const next = { ...panes.value, [pane]: !panes.value[pane] }
  if (pane === 'files' && next.files) next.world = false
  if (pane === 'world' && next.world) next.files = false
  if (narrow.value && pane === 'steps') {
    next.files = false
    next.world = false
  }
  // Hiding what took the steps' place brings them back.
  if (narrow.value && pane !== 'steps' && pane !== 'terminal' && !above(next)) next.steps = true
  if (Object.values(next).some(Boolean)) wanted.value = next
}

export function showPane(pane: Pane): void {
  if (!panes.value[pane]) togglePane(pane)
}

function readPanes(value: unknown): Panes | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const known = value as Partial<Record<Pane, unknown>>
  const read = Object.fromEntries(PANES.map((pane) => [pane, known[pane] === true])) as Panes
  return Object.values(read).some(Boolean) ? read : undefined
}
