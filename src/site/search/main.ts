import { t } from '../i18n/index.ts'
import type { Found } from './engine.ts'

const field = document.querySelector<HTMLInputElement>('#search')!
const list = document.querySelector<HTMLOListElement>('[data-results]')!
const status = document.querySelector<HTMLElement>('[data-status]')!
let find: ((query: string) => Found[]) | undefined

/** Shows what fits the field, and keeps the query in the address. */
async function show(): Promise<void> {
  const query = field.value.trim()
  history.replaceState(history.state, '', query ? `?q=${encodeURIComponent(query)}` : location.pathname)
  if (query === '') {
    list.replaceChildren()
    status.textContent = ''
    return
  }
  try {
    find ??= await (await import('./engine.ts')).loadSearch()
  } catch {
    status.textContent = t.search.failed
    return
  }
  if (field.value.trim() !== query) return
  const found = find(query)
  status.textContent = t.search.found(found.length)
  list.replaceChildren(...found.map(result))
}

function result({ kind, href, title, heading, excerpt, terms, language }: Found): HTMLElement {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = href
  link.lang = language
  link.textContent = heading ? `${title}: ${heading}` : title
  const label = document.createElement('span')
  label.className = 'facts'
  label.textContent = t.search.kinds[kind]
  const text = document.createElement('p')
  text.lang = language
  text.append(...marked(excerpt, terms))
  item.append(link, label, text)
  return item
}

/** The text with the found words in `<mark>`. */
function marked(text: string, terms: string[]): (string | HTMLElement)[] {
  if (terms.length === 0) return [text]
  const pattern = new RegExp(
    `(${terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`,
    'gi',
  )
  return text.split(pattern).map((part, index) => {
    if (index % 2 === 0) return part
    const mark = document.createElement('mark')
    mark.textContent = part
    return mark
  })
}

/** Arrow keys go from the field through the results and back. */
function move(event: KeyboardEvent): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (by === 0) return
  const places = [field, ...list.querySelectorAll('a')]
  const next = places[places.indexOf(document.activeElement as HTMLAnchorElement) + by]
  if (!next) return
  event.preventDefault()
  next.focus()
}

field.value = new URLSearchParams(location.search).get('q') ?? ''
field.addEventListener('input', () => void show())
document.querySelector('[data-search]')!.addEventListener('keydown', (event) => move(event as KeyboardEvent))
document.querySelector('[data-search] form')!.addEventListener('submit', (event) => {
  event.preventDefault()
  list.querySelector('a')?.focus()
})
field.focus()
void show()
