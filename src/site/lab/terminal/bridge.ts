import { signal } from '@preact/signals'

/** Types a command at the shown terminal's prompt without running it; absent while there is no terminal. */
export const typeIntoTerminal = signal<((command: string) => void) | undefined>()
