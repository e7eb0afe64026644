import { request } from '../api.ts'
import { started, stepPath } from './store.ts'

/** Tells the server how many hints of a step are open; each opens inside the one before. What a check found counts as the first. */
export function tellHints(): void {
  for (const section of document.querySelectorAll<HTMLElement>('[data-step] .step-body')) {
    const step = section.parentElement?.dataset.step
    if (step === undefined) continue
    section.addEventListener(
      'toggle',
      ({ target }) => {
        if (!started.value || !(target instanceof HTMLDetailsElement) || !target.matches('.hint[open]'))
          return
        let opened = 1
        for (let outer = target.parentElement; outer; outer = outer.parentElement)
          if (outer.matches('.hint') && !outer.closest('.report')) opened++
        void request('POST', `${stepPath(step)}/hints`, { opened }).catch(() => {})
      },
      // It does not bubble.
      true,
    )
  }
}
