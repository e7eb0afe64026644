import { t } from '../i18n/index.ts'
import { courseState, itemState } from './client.ts'

/** Lets the catalogue be filtered, keeps the choice in the address, and shows how far the learner is. */
export function startCatalogue(): void {
  const form = document.querySelector<HTMLFormElement>('[data-filters]')
  if (!form) return
  const fields = [...form.querySelectorAll('select')]
  const chosen = new URLSearchParams(location.search)
  for (const field of fields) field.value = chosen.get(field.name) ?? ''
  for (const field of fields) if (field.selectedIndex < 0) field.value = ''
  const items = [...document.querySelectorAll<HTMLElement>('[data-group] [data-item]')]
  const show = () => {
    for (const item of items) item.hidden = !fields.every((field) => fits(item, field))
    for (const group of document.querySelectorAll<HTMLElement>('[data-group]'))
      group.hidden = [...group.querySelectorAll<HTMLElement>('[data-item]')].every((item) => item.hidden)
    const shown = items.filter((item) => !item.hidden).length
    form.querySelector('[data-shown]')!.textContent = t.catalogue.shown(shown, items.length)
    const filtered = fields.some((field) => field.value !== '')
    form.querySelector<HTMLElement>('[data-clear]')!.hidden = !filtered
    document.querySelector<HTMLElement>('[data-nothing]')!.hidden = shown > 0
    const query = new URLSearchParams(
      fields.filter((field) => field.value).map((field) => [field.name, field.value]),
    )
    history.replaceState(history.state, '', location.pathname + (filtered ? `?${query}` : '') + location.hash)
  }
  form.addEventListener('change', show)
  form.addEventListener('reset', () => {
    // The fields are reset after this event.
    queueMicrotask(() => {
      for (const field of fields) field.value = ''
      show()
      fields[0]?.focus()
    })
  })
  show()
  void showStates(items).then(show)
}

function fits(item: HTMLElement, { name, value }: HTMLSelectElement): boolean {
  if (value === '') return true
  if (name === 'minutes') return Number(item.dataset.minutes) <= Number(value)
  return item.dataset[name] === value
}

async function showStates(items: HTMLElement[]): Promise<void> {
  const course = await courseState()
  if (!course) return
  for (const item of items) {
    const { state, steps } = itemState(course, item.dataset.item!)
    item.dataset.state = state
    const tag = item.querySelector<HTMLElement>('[data-progress]')!
    tag.hidden = state === 'new'
    tag.querySelector('.icon')!.toggleAttribute('hidden', state !== 'done')
    tag.classList.toggle('ready', state === 'done')
    tag.querySelector('span')!.textContent =
      steps && state === 'begun' ? t.labs.progress(steps.passed, steps.all) : t.catalogue.states[state]
  }
}
