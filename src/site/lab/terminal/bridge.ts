import { signal } from '@preact/signals'

/** Whether the next terminal that opens takes the focus: after a start or a new tab, not after a reload. */
export const focusNext = signal(false)

/** Types a command at the shown terminal's prompt without running it; absent while there is no terminal. */
export const typeIntoTerminal = signal<((command: string) => void) | undefined>()
