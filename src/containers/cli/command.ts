import type { EngineClient } from './client.ts'

/** A command after its name; gives the exit status. Throws CommandError. */
export type Command = (client: EngineClient, words: string[]) => Promise<number | undefined>

/** Writes to standard output. */
export const out = (text: string) => process.stdout.write(text)
