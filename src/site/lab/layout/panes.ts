import { computed, effect, signal } from '@preact/signals'
import { stored } from '../stored.ts'

/** The parts of the lab page, in the order in which they stand on it. */
export const PANES = ['steps', 'files', 'world', 'preview', 'terminal'] as const
export type Pane = (typeof PANES)[number]
/** Those that take turns above the terminal. */
const ABOVE = ['files', 'world', 'preview'] as const satisfies Pane[]
type Panes = Record<Pane, boolean>

const wanted = stored<Panes>(
  'panes',
  { steps: true, files: false, world: false, preview: false, terminal: true },
  readPanes,
)

/** Whether panes stand above one another, for lack of width; the same limit as in lab.css. */
export const narrow = signal(false)
const width = matchMedia('(max-width: 60rem)')
narrow.value = width.matches
width.addEventListener('change', ({ matches }) => {
  narrow.value = matches
})

/** Whether anything stands above the terminal. */
const above = (shown: Panes) => ABOVE.some((pane) => shown[pane])
const isAbove = (pane: Pane) => ABOVE.some((other) => other === pane)

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
  const makesRoom = (isAbove(pane) && next[pane]) || (narrow.value && pane === 'steps')
  if (makesRoom) for (const other of ABOVE) next[other] &&= other === pane
  // Hiding what took the steps' place brings them back.
  if (narrow.value && isAbove(pane) && !above(next)) next.steps = true
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
