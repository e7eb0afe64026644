import { effect, signal } from '@preact/signals'
import { stored } from '../stored.ts'

/** The parts of the lab page, in the order in which they stand on it. */
export const PANES = ['steps', 'terminal'] as const
export type Pane = (typeof PANES)[number]

export const panes = stored<Record<Pane, boolean>>('panes', { steps: true, terminal: true }, readPanes)

/** Whether panes stand above one another, for lack of width; the same limit as in lab.css. */
export const narrow = signal(false)
const width = matchMedia('(max-width: 60rem)')
narrow.value = width.matches
width.addEventListener('change', ({ matches }) => {
  narrow.value = matches
})

effect(() => {
  for (const pane of PANES) document.body.dataset[pane] = panes.value[pane] ? 'shown' : 'hidden'
})

/** Shows or hides a pane. The last one stays. */
export function togglePane(pane: Pane): void {
  const next = { ...panes.value, [pane]: !panes.value[pane] }
  if (Object.values(next).some(Boolean)) panes.value = next
}

export function showPane(pane: Pane): void {
  if (!panes.value[pane]) togglePane(pane)
}

function readPanes(value: unknown): Record<Pane, boolean> | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const known = value as Partial<Record<Pane, unknown>>
  const read = { steps: known.steps === true, terminal: known.terminal === true }
  return read.steps || read.terminal ? read : undefined
}
