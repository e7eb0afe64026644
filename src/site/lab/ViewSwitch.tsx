import { signal } from '@preact/signals'
import { t } from '../i18n/index.ts'
import { Icon } from './Icon.tsx'

const KEY = 'drydock.view'
const VIEWS = [
  { id: 'text', icon: 'text' },
  { id: 'both', icon: 'both' },
  { id: 'terminal', icon: 'terminal' },
] as const
type View = (typeof VIEWS)[number]['id']

const stored = localStorage.getItem(KEY)
export const view = signal<View>(VIEWS.find(({ id }) => id === stored)?.id ?? 'both')

view.subscribe((chosen) => {
  document.body.dataset.view = chosen
  localStorage.setItem(KEY, chosen)
})

/** Steps, terminal, or both. */
export function ViewSwitch() {
  return (
    <fieldset class="views">
      <legend class="visually-hidden">{t.lab.views}</legend>
      {VIEWS.map(({ id, icon }) => (
        <button
          key={id}
          type="button"
          class="icon-button"
          aria-pressed={view.value === id}
          aria-label={t.lab.view[id]}
          title={t.lab.view[id]}
          onClick={() => {
            view.value = id
          }}
        >
          <Icon name={icon} />
        </button>
      ))}
    </fieldset>
  )
}
