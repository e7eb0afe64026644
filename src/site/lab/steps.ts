import { effect } from '@preact/signals'
import { justPassed, lab, labId, step } from './store.ts'

const KEY = `drydock.step.${labId}`

const sections = () => [...document.querySelectorAll<HTMLDetailsElement>('details.step')]

/** Opens a step (the others close, as they share a name) and, if asked, moves there. Gives whether there is such a step. */
export function openStep(id: string, move = false): boolean {
  const section = sections().find(({ dataset }) => dataset.step === id)
  if (!section) return false
  section.open = true
  if (!move) return true
  // Whoever goes on needs no message that leads there.
  justPassed.value = undefined
  const summary = section.querySelector('summary')
  summary?.focus({ preventScroll: true })
  summary?.scrollIntoView({ block: 'start' })
  return true
}

/** Remembers the open step; the first time opens the first that is not done. Marks the done ones. */
export function connectSteps(): void {
  for (const section of sections())
    section.addEventListener('toggle', () => {
      if (section.open && section.dataset.step) sessionStorage.setItem(KEY, section.dataset.step)
    })
  const remembered = sessionStorage.getItem(KEY)
  if (remembered) openStep(remembered)
  // An instructor's answer may lead to a step.
  const openNamed = () => openStep(location.hash.slice(1), true)
  addEventListener('hashchange', openNamed)
  let chosen = openNamed() || remembered !== null
  effect(() => {
    if (!lab.value) return
    for (const section of sections())
      section.dataset.status = step(section.dataset.step ?? '')?.status ?? 'todo'
    if (chosen) return
    chosen = true
    const first = lab.value.steps.find(({ status }) => status !== 'passed')
    if (first) openStep(first.id)
  })
}
