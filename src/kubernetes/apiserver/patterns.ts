import { RE2JS } from 're2js'

/** A regular expression in Go's syntax. Takes time in proportion to the text, whatever a client writes. */
export interface Pattern {
  test(text: string): boolean
  /** The first match; `''` when there is none. */
  first(text: string): string
  all(text: string): string[]
}

const REMEMBERED = 1000
const compiled = new Map<string, Pattern | undefined>()

/** Compiles a pattern; undefined for one that is not valid. */
export function compilePattern(source: string): Pattern | undefined {
  if (!compiled.has(source)) {
    if (compiled.size >= REMEMBERED) compiled.clear()
    compiled.set(source, compile(source))
  }
  return compiled.get(source)
}

function compile(source: string): Pattern | undefined {
  try {
    const expression = RE2JS.compile(source)
    const all = (text: string, limit: number): string[] => {
      const found: string[] = []
      const matcher = expression.matcher(text)
      while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '')
      return found
    }
    return {
      test: (text) => expression.matcher(text).find(),
      first: (text) => all(text, 1)[0] ?? '',
      all: (text) => all(text, text.length + 1),
    }
  } catch {
    return undefined
  }
}
