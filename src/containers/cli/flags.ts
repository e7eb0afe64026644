/** A wrong command line; printed as the Docker CLI does, with exit code 125 for run and 1 otherwise. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Flags of a command: long name → short letter (or nothing) and kind. */
export type FlagSpec = Record<string, { short?: string; kind: 'boolean' | 'string' | 'list' }>

export interface ParsedFlags {
  args: string[]
  has(name: string): boolean
  text(name: string): string | undefined
  list(name: string): string[]
}

/** Parses flags as Go's pflag does. `interspersed: false` stops at the first argument, as `run` and `exec` do. */
export function parseFlags(words: readonly string[], spec: FlagSpec, interspersed = true): ParsedFlags {
  const values = new Map<string, string[]>()
  const args: string[] = []
  const rest = [...words]
  const add = (name: string, value: string) => values.set(name, [...(values.get(name) ?? []), value])
  const byLetter = (letter: string) => Object.keys(spec).find((name) => spec[name]!.short === letter)
  const take = (name: string, shown: string, inline: string | undefined) => {
    if (spec[name]!.kind === 'boolean') return add(name, inline ?? 'true')
    const value = inline ?? rest.shift()
    if (value === undefined) throw new UsageError(`flag needs an argument: ${shown}`)
    add(name, value)
  }
  while (rest.length > 0) {
    const word = rest.shift()!
    if (word === '--') {
      args.push(...rest.splice(0))
    } else if (word.startsWith('--')) {
      const equals = word.indexOf('=')
      const name = word.slice(2, equals === -1 ? undefined : equals)
      if (!spec[name]) throw new UsageError(`unknown flag: --${name}`)
      take(name, `--${name}`, equals === -1 ? undefined : word.slice(equals + 1))
    } else if (/^-./.test(word)) {
      for (let index = 1; index < word.length; index++) {
        const name = byLetter(word[index]!)
        if (!name) throw new UsageError(`unknown shorthand flag: '${word[index]}' in ${word}`)
        if (spec[name]!.kind === 'boolean') {
          add(name, 'true')
          continue
        }
        const inline = word.slice(index + 1).replace(/^=/, '')
        take(name, `'${word[index]}' in ${word}`, inline || undefined)
        break
      }
    } else {
      args.push(word)
      if (!interspersed) args.push(...rest.splice(0))
    }
  }
  return {
    args,
    has: (name) => values.get(name)?.at(-1) === 'true',
    text: (name) => values.get(name)?.at(-1),
    list: (name) => values.get(name) ?? [],
  }
}

/** `--filter name=value …` as the API takes them. */
export function filtersOf(list: readonly string[]): Record<string, string[]> {
  const filters: Record<string, string[]> = {}
  for (const filter of list) {
    const [name = '', ...value] = filter.split('=')
    filters[name] = [...(filters[name] ?? []), value.join('=')]
  }
  return filters
}

/** `name=value` words as an object; a word alone has an empty value. */
export const pairsOf = (list: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    list.map((item) => {
      const equals = item.indexOf('=')
      return equals === -1 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)]
    }),
  )
