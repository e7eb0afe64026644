import { signal } from '@preact/signals'

/** Whether the next terminal that opens takes the focus: after a start or a new tab, not after a reload. */
export const focusNext = signal(false)

/** Types a command at the shown terminal's prompt without running it; absent while there is no terminal. */
export const typeIntoTerminal = signal<((command: string) => void) | undefined>()

/** Moves to the shown terminal; before there is one, to what makes it. */
export function focusTerminal(): void {
  const terminal =
    document.querySelector<HTMLElement>('.terminal-view.active .xterm-helper-textarea') ??
    document.querySelector<HTMLElement>('.terminal-empty button')
  terminal?.focus()
}
