import { createInterface } from 'node:readline/promises'
import type { Readable } from 'node:stream'
import { CommandError, type EngineClient, readMessages } from './client.ts'
import type { ParsedFlags } from './flags.ts'

/** A command after its name; gives the exit status. Throws CommandError. */
export type Command = (client: EngineClient, words: string[]) => Promise<number | undefined>

/** Writes to standard output. */
export const out = (text: string) => process.stdout.write(text)

/** Throws the CLI's error for a wrong number of arguments; `usage` begins with the command. */
export const need = (args: string[], count: number, usage: string, exact = true): void => {
  if (exact ? args.length === count : args.length >= count) return
  const wanted = `${exact ? '' : 'at least '}${count} argument${count === 1 ? '' : 's'}`
  const command = /^[a-z]+(?: [a-z]+)*/.exec(usage)![0]
  throw new CommandError(
    `docker: '${command}' requires ${wanted}\n\nUsage:  ${usage}\n\n${exact ? 'Run' : 'See'} '${command} --help' for more information`,
  )
}

/** Does something for every argument; errors are printed and make the exit code 1. */
export async function each(names: readonly string[], work: (name: string) => Promise<void>): Promise<number> {
  let status = 0
  for (const name of names) {
    try {
      await work(name)
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      process.stderr.write(`${error.message}\n`)
      status = 1
    }
  }
  return status
}

/** Prints progress messages; throws what the stream reports as an error. */
export async function printProgress(stream: Readable, quiet = false, print = out): Promise<void> {
  let last = ''
  for await (const message of readMessages(stream)) {
    if (message.error) throw new CommandError(message.error, message.errorDetail?.code ?? 1)
    if (message.stream !== undefined) print(message.stream)
    else if (!quiet && message.status !== undefined && !message.progressDetail?.total) {
      const line = `${message.id ? `${message.id}: ` : ''}${message.status}\n`
      if (line !== last) print(line)
      last = line
    }
  }
}

/** Asks before something is removed, unless `--force` says that nobody has to be asked. */
export async function confirm(flags: ParsedFlags, warning: string): Promise<boolean> {
  if (flags.has('force')) return true
  out(`${warning}\nAre you sure you want to continue? [y/N] `)
  const lines = createInterface({ input: process.stdin })
  for await (const line of lines) {
    lines.close()
    return /^y(?:es)?$/i.test(line.trim())
  }
  return false
}
