import { t } from '../i18n/index.ts'
import { showPane } from './layout/panes.ts'
import { announcement } from './store.ts'
import { typeIntoTerminal } from './terminal/bridge.ts'

/** Types a command of the page into the shown terminal; before the start, leads to the button that makes one. */
export function typeCommand(command: string): void {
  showPane('terminal')
  if (typeIntoTerminal.value) return typeIntoTerminal.value(command)
  announcement.value = t.code.needStart
  document.querySelector<HTMLElement>('.terminal-empty button')?.focus()
}
