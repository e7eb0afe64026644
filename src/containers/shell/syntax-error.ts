import type { Dialect } from './state.ts'

/** Why a text does not parse: it ends too early, or a word stands where it may not. */
export type SyntaxProblem =
  | { kind: 'end'; expecting: string | undefined }
  | { kind: 'quote'; quote: string }
  | { kind: 'token'; token: string }

const CLOSERS = new Set(['fi', 'done', 'esac', 'then', 'do', '}', ')'])

/** Reads the parser's error, which names the word that it waits for when the text ends inside a compound command. */
export function syntaxProblem(error: Error, text: string): SyntaxProblem {
  const quote = /matching [`'"](.)['"`]?/.exec(error.message)?.[1]
  if (quote) return { kind: 'quote', quote }
  const token = /unexpected token `([^']*)'/.exec(error.message)?.[1]
  if (token === undefined) {
    return /EOF|end of (?:file|input)|Expected/i.test(error.message)
      ? { kind: 'end', expecting: undefined }
      : { kind: 'token', token: 'newline' }
  }
  const last = text
    .trim()
    .split(/[\s;]+/)
    .filter(Boolean)
    .at(-1)
  if (CLOSERS.has(token) && last !== token) return { kind: 'end', expecting: token }
  return { kind: 'token', token: token === '' ? 'newline' : token }
}

/** The shell's own words for it. */
export function syntaxMessage(problem: SyntaxProblem, dialect: Dialect): string {
  if (dialect.kind === 'bash') {
    if (problem.kind === 'end') return 'syntax error: unexpected end of file'
    if (problem.kind === 'quote') return `unexpected EOF while looking for matching \`${problem.quote}'`
    return `syntax error near unexpected token \`${problem.token}'`
  }
  const dash = dialect.kind === 'dash'
  const start = dash ? 'Syntax error: ' : 'syntax error: '
  if (problem.kind === 'quote') return `${start}${dash ? 'Unterminated' : 'unterminated'} quoted string`
  if (problem.kind === 'end') {
    const expecting = problem.expecting ? ` (expecting "${problem.expecting}")` : ''
    return `${start}${dash ? `end of file unexpected${expecting}` : `unexpected end of file${expecting}`}`
  }
  const shown = problem.token === 'newline' ? 'newline' : `"${problem.token}"`
  return `${start}${dash ? `${shown} unexpected` : `unexpected ${shown}`}`
}
