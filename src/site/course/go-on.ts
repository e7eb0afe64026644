import { courseState, type ItemState, itemState } from './client.ts'

/**
 * Shows the link to what the learner had open last; when that is done, to what comes after it and is not. To whoever has not begun,
 * or is not known, the first.
 */
export async function goOn(): Promise<void> {
  const place = document.querySelector<HTMLElement>('[data-go-on]')
  if (!place) return
  const links = [...place.querySelectorAll<HTMLElement>('[data-item]')]
  const course = await courseState()
  const wanted = course ? choose(links.map((link) => itemState(course, link.dataset.item!))) : BEGINNING
  if (wanted) {
    for (const [index, link] of links.entries()) link.hidden = index !== wanted.index
    for (const title of place.querySelectorAll<HTMLElement>('[data-when]'))
      title.hidden = title.dataset.when !== wanted.when
    place.dataset.known = ''
  } else place.hidden = true
}

const BEGINNING = { index: 0, when: 'new' } as const

/** Which link, and why; undefined when nothing is left to do. */
function choose(states: ItemState[]): { index: number; when: 'new' | 'stopped' | 'next' } | undefined {
  const last = states.reduce(
    (best, { visited }, index) => (visited > (states[best]?.visited ?? 0) ? index : best),
    -1,
  )
  if (last < 0) return BEGINNING
  const next = states.findIndex(({ state }, index) => index >= last && state !== 'done')
  if (next < 0) return undefined
  return { index: next, when: next === last ? 'stopped' : 'next' }
}
