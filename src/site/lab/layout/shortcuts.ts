import { signal } from '@preact/signals'
import { stored, yesOrNo } from '../stored.ts'
import { focusTerminal } from '../terminal/bridge.ts'
import { type Pane, panes, showPane } from './panes.ts'

/** Whether single letters do something outside of fields; they can be switched off (WCAG 2.1.4). */
export const letters = stored('letters', true, yesOrNo)
/** Whether the map of the keys is open. */
export const keyMapOpen = signal(false)

/** What a letter does. The map (`KeyMap.tsx`) lists the same. */
const ACTIONS: Record<string, () => void> = {
  '?': () => {
    keyMapOpen.value = true
  },
  s: () => focusPane('steps'),
  f: () => focusPane('files'),
  w: () => focusPane('world'),
  p: () => focusPane('preview'),
  t: () => focusPane('terminal'),
  c: () => document.querySelector<HTMLButtonElement>('details.step[open] .check-bar button')?.click(),
}

/** Listens to the page's own keys. Fields, editors and the terminal keep theirs. */
export function connectShortcuts(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
    if (event.code === 'F6') {
      event.preventDefault()
      return focusPane('terminal')
    }
    if (!letters.value || isTyping(event) || document.querySelector('dialog[open]')) return
    const action = ACTIONS[event.key]
    if (!action) return
    event.preventDefault()
    action()
  })
}

export function focusPane(pane: Pane): void {
  const hidden = !panes.value[pane]
  showPane(pane)
  // What was hidden can take the focus only once it is laid out.
  if (hidden) requestAnimationFrame(() => moveTo(pane))
  else moveTo(pane)
}

function moveTo(pane: Pane): void {
  if (pane === 'terminal') return focusTerminal()
  if (pane === 'files') return document.querySelector<HTMLElement>('.file-side button, .files-pane')?.focus()
  if (pane === 'world')
    return document.querySelector<HTMLElement>('.world-bar button[aria-pressed="true"], .world-pane')?.focus()
  if (pane === 'preview')
    return document.querySelector<HTMLElement>('.preview-bar input, .preview-pane')?.focus()
  const step = document.querySelector<HTMLElement>('details.step[open] > summary')
  ;(step ?? document.querySelector<HTMLElement>('.steps'))?.focus()
}

/** The editor is in a shadow root: the event's own target tells more than what the page sees of it. */
function isTyping(event: KeyboardEvent): boolean {
  const [target] = event.composedPath()
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
  )
}
