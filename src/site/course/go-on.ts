import { courseState, itemState } from './client.ts'

/** Shows the link to what the learner had open last; when that is done, to what comes after it and is not. */
export async function goOn(): Promise<void> {
  const place = document.querySelector<HTMLElement>('[data-go-on]')
  const course = await courseState()
  if (!place || !course) return
  const links = [...place.querySelectorAll<HTMLElement>('[data-item]')]
  const states = links.map((link) => itemState(course, link.dataset.item!))
  const last = states.reduce(
    (best, { visited }, index) => (visited > (states[best]?.visited ?? 0) ? index : best),
    -1,
  )
  if (last < 0) return
  const next = states.findIndex(({ state }, index) => index >= last && state !== 'done')
  if (next < 0) return
  links[next]!.hidden = false
  place.querySelector<HTMLElement>('[data-next]')!.hidden = next === last
  place.hidden = false
}
