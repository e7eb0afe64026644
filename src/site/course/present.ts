import { t } from '../i18n/index.ts'

/**
 * A lesson for the projector: in a window of its own with nothing but the text, large. It and the trainer's window, which has the
 * notes, go through the sections together.
 */
const PARAMETER = 'present'
const channel = new BroadcastChannel(`drydock-present${location.pathname}`)
const presents = new URLSearchParams(location.search).has(PARAMETER)
const sections = [...document.querySelectorAll<HTMLElement>('article h1, .prose > h2, .prose > h3')]
const find = (part: string) => document.querySelector<HTMLElement>(`.trainer [data-present="${part}"]`)
let at = 0

function show(next: number): void {
  at = Math.max(0, Math.min(sections.length - 1, next))
  sections[at]?.scrollIntoView()
  const place = find('at')
  if (place) place.textContent = t.trainer.at(at + 1, sections.length, sections[at]?.textContent ?? '')
}

/** Goes to a section, here and in the other window. */
function go(next: number): void {
  show(next)
  channel.postMessage(at)
}

channel.onmessage = ({ data }) => {
  // A window that has just been opened asks where the other one is.
  if (data === PARAMETER) channel.postMessage(at)
  else if (typeof data === 'number') show(data)
}
find('open')?.addEventListener('click', () => {
  open(`${location.pathname}?${PARAMETER}`, 'drydock-present', 'popup,width=1280,height=800')
})
find('back')?.addEventListener('click', () => go(at - 1))
find('on')?.addEventListener('click', () => go(at + 1))

if (presents) {
  document.documentElement.dataset.present = ''
  channel.postMessage(PARAMETER)
  const keys: Record<string, () => void> = {
    ArrowRight: () => go(at + 1),
    PageDown: () => go(at + 1),
    ArrowLeft: () => go(at - 1),
    PageUp: () => go(at - 1),
    Home: () => go(0),
    End: () => go(sections.length - 1),
    Escape: () => close(),
  }
  addEventListener('keydown', (event) => {
    // In a tab list, a picture or a field the keys are theirs.
    const used = (event.target as Element).closest?.(
      'input, textarea, select, [role=tablist], [tabindex="0"]',
    )
    if (!keys[event.key] || used || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    keys[event.key]!()
  })
}
