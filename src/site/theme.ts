import { t } from './i18n/index.ts'

const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** The key of the choice in the browser's storage; `first.js` reads it before the first paint. */
const KEY = 'drydock.theme'

function chosen(): Theme {
  const value = localStorage.getItem(KEY)
  return value === 'light' || value === 'dark' ? value : 'system'
}

function choose(theme: Theme): void {
  if (theme === 'system') {
    localStorage.removeItem(KEY)
    delete document.documentElement.dataset.theme
  } else {
    localStorage.setItem(KEY, theme)
    document.documentElement.dataset.theme = theme
  }
}

/** Lets a button go round system, light and dark. */
export function connectThemeSwitch(button: HTMLButtonElement | null): void {
  if (!button) return
  const show = () => {
    const theme = chosen()
    button.ariaLabel = t.theme.switchTo(t.theme[theme])
    button.title = button.ariaLabel
    for (const icon of button.querySelectorAll<HTMLElement>('[data-for]'))
      icon.hidden = icon.dataset.for !== theme
  }
  button.addEventListener('click', () => {
    choose(THEMES[(THEMES.indexOf(chosen()) + 1) % THEMES.length] ?? 'system')
    show()
  })
  button.hidden = false
  show()
}

/** Whether the page shows dark colours now. */
export function isDark(): boolean {
  const theme = document.documentElement.dataset.theme
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
}

/** Calls back whenever the page changes between light and dark. Gives what ends it. */
export function onThemeChange(listener: () => void): () => void {
  const preference = matchMedia('(prefers-color-scheme: dark)')
  const choice = new MutationObserver(listener)
  preference.addEventListener('change', listener)
  choice.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  return () => {
    preference.removeEventListener('change', listener)
    choice.disconnect()
  }
}
