import { effect } from '@preact/signals'
import { lab } from './store.ts'

/** Writes the names that were drawn for the learner into the texts of the steps. */
export function connectNames(): void {
  const places = document.querySelectorAll<HTMLElement>('[data-drawn]')
  if (places.length === 0) return
  effect(() => {
    const names = lab.value?.names ?? {}
    for (const place of places) {
      const parameter = place.dataset.drawn!
      place.textContent = names[parameter] ?? parameter
      place.classList.toggle('open', names[parameter] === undefined)
    }
  })
}
