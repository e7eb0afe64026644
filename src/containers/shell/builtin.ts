import type { Shell } from './shell.ts'
import type { Descriptors } from './state.ts'

/** A command that runs inside the shell: `args` are the words after its name. Gives its status. */
export type Builtin = (shell: Shell, args: string[], io: Descriptors, name: string) => Promise<number>

/** Writes to the command's standard output. */
export const print = (shell: Shell, io: Descriptors, text: string) => shell.writeTo(io, 1, text)

/** A text as one word of the shell's language. */
export const quote = (text: string) => `'${text.replace(/'/g, "'\\''")}'`
