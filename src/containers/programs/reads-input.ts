/** How a filter's command line tells whether it reads standard input. */
interface Filter {
  /** Letters of options whose value is the rest of the word or the next one. */
  values?: string
  /** How many operands come before the files; -1 where standard input has to be named by `-`. */
  before?: number
  /** Letters of options that take the place of the operands before the files. */
  instead?: string
  /** Letters of options with which it searches folders and reads no input. */
  searches?: string
}

const GREP: Filter = { values: 'efmABC', before: 1, instead: 'ef', searches: 'rR' }
const ONLY_NAMED: Filter = { before: -1 }
const ALWAYS: Filter = { before: Number.POSITIVE_INFINITY }

/** just-bash's commands that read standard input. */
const FILTERS: Record<string, Filter> = {
  awk: { values: 'Fvf', before: 1, instead: 'f' },
  base64: { values: 'w' },
  cat: {},
  column: { values: 'cs' },
  comm: ONLY_NAMED,
  cut: { values: 'bcdf' },
  diff: ONLY_NAMED,
  egrep: GREP,
  expand: { values: 't' },
  fgrep: GREP,
  file: ONLY_NAMED,
  fold: { values: 'w' },
  grep: GREP,
  gunzip: {},
  gzip: {},
  head: { values: 'nc' },
  join: ONLY_NAMED,
  jq: { before: 1, searches: 'n' },
  md5sum: {},
  nl: { values: 'bsvw' },
  od: { values: 'ANjtw' },
  paste: { values: 'd' },
  rev: {},
  sed: { values: 'ef', before: 1, instead: 'ef' },
  sha1sum: {},
  sha256sum: {},
  sort: { values: 'koSTt' },
  split: { values: 'abCln' },
  strings: { values: 'n' },
  tac: { values: 's' },
  tail: { values: 'nc' },
  tar: ALWAYS,
  tee: ALWAYS,
  tr: ALWAYS,
  unexpand: { values: 't' },
  uniq: { values: 'fsw' },
  wc: {},
  xargs: ALWAYS,
  zcat: {},
}

/** Whether a command with these arguments reads standard input: a filter that names files must not wait for it. */
export function readsInput(name: string, args: readonly string[]): boolean {
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name]! : undefined
  if (!filter) return false
  const { values = '', instead = '', searches = '' } = filter
  let before = filter.before ?? 0
  let operands = 0
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!
    if (word === '-') return true
    if (word === '--') {
      operands += args.length - index - 1
      break
    }
    if (!word.startsWith('-')) operands++
    else if (!word.startsWith('--')) {
      for (let at = 1; at < word.length; at++) {
        const letter = word[at]!
        if (searches.includes(letter)) return false
        if (instead.includes(letter)) before = 0
        if (!values.includes(letter)) continue
        if (at === word.length - 1) index++
        break
      }
    }
  }
  return operands <= before
}
