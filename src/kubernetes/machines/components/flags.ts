/** Go flags of a component, and what follows its name. */
export interface Flags {
  /** The last value of a flag; `true` for one without a value. */
  get(name: string): string | undefined
  /** All values of a flag, split at commas. */
  list(name: string): string[]
  has(name: string): boolean
}

/** A command line that a component refuses: its last words, and its exit code. */
export class FlagError extends Error {
  override readonly name = 'FlagError'
}

/** Reads `--name=value`, `--name value` and `--name`. Throws FlagError for what `known` does not have, in pflag's words. */
export function parseFlags(
  args: readonly string[],
  known: Iterable<string>,
  booleans: Iterable<string> = [],
): Flags {
  const names = new Set([
    ...known,
    'help',
    'version',
    'v',
    'vmodule',
    'log-flush-frequency',
    'logging-format',
    'feature-gates',
  ])
  const bare = new Set([...booleans, 'help', 'version'])
  const values = new Map<string, string[]>()
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    const match = /^--?([^=]+)(?:=([\s\S]*))?$/.exec(word)
    if (!match) throw new FlagError(`unknown command ${JSON.stringify(word)}`)
    const name = match[1]!.replaceAll('_', '-')
    if (!names.has(name)) throw new FlagError(`unknown flag: --${name}`)
    let value = match[2]
    if (value === undefined && !bare.has(name)) {
      value = args[++index]
      if (value === undefined) throw new FlagError(`flag needs an argument: --${name}`)
    }
    values.set(name, [...(values.get(name) ?? []), value ?? 'true'])
  }
  return {
    get: (name) => values.get(name)?.at(-1),
    list: (name) => (values.get(name) ?? []).flatMap((value) => value.split(',')).filter(Boolean),
    has: (name) => values.has(name),
  }
}
