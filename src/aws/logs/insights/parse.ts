import { RE2JS } from 're2js'

// The query language of CloudWatch Logs Insights: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html

/** What is wrong with a query, and where: offsets in its text. */
export class QueryFault extends Error {
  override readonly name = 'QueryFault'
  readonly start: number
  readonly end: number
  constructor(message: string, start: number, end: number) {
    super(message)
    this.start = start
    this.end = end
  }
}

/** A command that the language has and this reader does not. */
export class UnknownCommand extends Error {
  override readonly name = 'UnknownCommand'
}

export type Expression =
  | { kind: 'field'; name: string }
  | { kind: 'literal'; value: string | number }
  | { kind: 'pattern'; pattern: RE2JS }
  | { kind: 'list'; items: Expression[] }
  | { kind: 'call'; name: string; args: Expression[] }
  | { kind: 'not'; of: Expression }
  | { kind: 'binary'; operator: string; left: Expression; right: Expression }

/** An expression and the column that it makes. */
export interface Column {
  name: string
  expression: Expression
}

export type Command =
  | { kind: 'fields' | 'display'; columns: Column[] }
  | { kind: 'filter'; condition: Expression }
  | { kind: 'stats'; columns: Column[]; by: Column[] }
  | { kind: 'sort'; keys: (Column & { descending: boolean })[] }
  | { kind: 'limit'; count: number }
  | { kind: 'dedup'; columns: Column[] }
  | { kind: 'parse'; source: Expression; pattern: RE2JS; names: string[] }

const UNSIMULATED = /^(pattern|diff|unmask|unnest|anomaly|filterIndex|SOURCE|lookup|join|append)$/i
const TOKEN =
  /\s+|#[^\n]*|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|`([^`]*)`|(\d+(?:\.\d+)?)(ms|[smhdw]|mo|q|y)?(?![\w.])|(@?[A-Za-z_][\w.]*)|(=~|!=|<=|>=|[-+*/%^=<>()[\],|])/y

/** Of a query; each lies in the one before it, and all are worked out in one another. */
const MOST_OPERATORS = 500

interface Token {
  kind: 'text' | 'field' | 'number' | 'span' | 'word' | 'symbol' | 'pattern' | 'end'
  text: string
  start: number
  end: number
}

/** Reads a query. Throws QueryFault, and UnknownCommand for what is not simulated. */
export function parseQuery(text: string): Command[] {
  return new Parser(text).commands()
}

class Parser {
  readonly #text: string
  #at = 0
  #next: Token
  #depth = 0
  #operators = 0

  constructor(text: string) {
    this.#text = text
    this.#next = this.#read()
  }

  commands(): Command[] {
    const commands: Command[] = []
    const isOver = () => this.#next.kind === 'end'
    while (!isOver()) {
      if (this.#takes('|')) continue
      commands.push(this.#command())
      if (!isOver() && this.#next.text !== '|') throw this.#unexpected()
    }
    return commands
  }

  /** The next token; a slash begins a pattern where an operand is expected. */
  #read(): Token {
    for (;;) {
      const start = this.#at
      if (start >= this.#text.length) return { kind: 'end', text: '', start, end: start }
      TOKEN.lastIndex = start
      const match = TOKEN.exec(this.#text)
      if (!match)
        throw new QueryFault(
          `unexpected symbol found ${this.#text[start]} at position ${start}`,
          start,
          start + 1,
        )
      this.#at = TOKEN.lastIndex
      const [all, quoted, escaped, number, unit, word, symbol] = match
      const token = (kind: Token['kind'], text: string): Token => ({ kind, text, start, end: this.#at })
      if (quoted !== undefined) return token('text', quoted.slice(1, -1).replace(/\\(["'\\])/g, '$1'))
      if (escaped !== undefined) return token('field', escaped)
      if (number !== undefined) return unit ? token('span', all) : token('number', number)
      if (word !== undefined) return token('word', word)
      if (symbol !== undefined) return token('symbol', symbol)
    }
  }

  #take(): Token {
    const token = this.#next
    this.#next = this.#read()
    return token
  }

  #takes(...words: string[]): boolean {
    const { kind, text } = this.#next
    if (kind !== 'word' && kind !== 'symbol') return false
    if (!words.includes(kind === 'word' ? text.toLowerCase() : text)) return false
    this.#take()
    return true
  }

  #needs(symbol: string): void {
    if (!this.#takes(symbol)) throw this.#unexpected()
  }

  #unexpected(): QueryFault {
    const { text, start, end } = this.#next
    return new QueryFault(
      text === '' ? 'unexpected end of query' : `unexpected symbol found ${text} at position ${start}`,
      start,
      end,
    )
  }

  #command(): Command {
    const { kind, text, start, end } = this.#next
    if (kind !== 'word') throw this.#unexpected()
    const name = text.toLowerCase()
    if (UNSIMULATED.test(name)) throw new UnknownCommand(name)
    if (!/^(fields|display|filter|stats|sort|limit|head|dedup|parse)$/.test(name))
      throw new QueryFault(`unknown command ${text} found at position ${start}`, start, end)
    this.#take()
    switch (name) {
      case 'fields':
      case 'display':
        return { kind: name, columns: this.#columns() }
      case 'filter':
        return { kind: name, condition: this.#or() }
      case 'stats': {
        const columns = this.#columns()
        return { kind: name, columns, by: this.#takes('by') ? this.#columns() : [] }
      }
      case 'sort':
        return { kind: name, keys: this.#keys() }
      case 'dedup':
        return { kind: name, columns: this.#columns() }
      case 'parse':
        return this.#parse()
      default: {
        const count = this.#take()
        if (count.kind !== 'number') throw new QueryFault('limit needs a number', count.start, count.end)
        return { kind: 'limit', count: Number(count.text) }
      }
    }
  }

  #columns(): Column[] {
    const columns: Column[] = []
    do {
      const column = this.#written()
      columns.push(this.#takes('as') ? { ...column, name: this.#take().text } : column)
    } while (this.#takes(','))
    return columns
  }

  /** An expression, named by its own text. */
  #written(): Column {
    const { start } = this.#next
    const expression = this.#or()
    const end = this.#next.kind === 'end' ? undefined : this.#next.start
    const name = expression.kind === 'field' ? expression.name : this.#text.slice(start, end).trim()
    return { name, expression }
  }

  #keys(): (Column & { descending: boolean })[] {
    const keys: (Column & { descending: boolean })[] = []
    do {
      const column = this.#written()
      const descending = this.#takes('desc')
      if (!descending) this.#takes('asc')
      keys.push({ ...column, descending })
    } while (this.#takes(','))
    return keys
  }

  /** `parse @message "user=*, ms=*" as user, ms`, or a pattern with named groups. */
  #parse(): Command {
    const field = this.#next.kind === 'word' || this.#next.kind === 'field' ? this.#primary() : undefined
    const source: Expression = field ?? { kind: 'field', name: '@message' }
    if (this.#next.kind === 'symbol' && this.#next.text === '/') {
      const pattern = this.#pattern()
      const names = this.#takes('as') ? this.#names() : Object.keys(pattern.namedGroups())
      return { kind: 'parse', source, pattern, names }
    }
    const glob = this.#take()
    if (glob.kind !== 'text')
      throw new QueryFault('parse needs a glob or a regular expression', glob.start, glob.end)
    if (!this.#takes('as')) throw this.#unexpected()
    const names = this.#names()
    const parts = glob.text.split('*')
    if (parts.length - 1 !== names.length)
      throw new QueryFault(
        `the number of fields does not match the number of * in the glob`,
        glob.start,
        glob.end,
      )
    const source_ = parts.map((part) => RE2JS.quote(part)).join('(.*?)')
    // The last wildcard takes what is left, unless text follows it.
    const text = parts.at(-1) === '' ? source_.replace(/\(\.\*\?\)$/, '(.*)') : source_
    return { kind: 'parse', source, pattern: RE2JS.compile(text, RE2JS.DOTALL), names }
  }

  #names(): string[] {
    const names: string[] = []
    do names.push(this.#take().text)
    while (this.#takes(','))
    return names
  }

  /** A regular expression between slashes, read from the text itself. */
  #pattern(): RE2JS {
    const { start } = this.#next
    const match = /^\/((?:[^/\\]|\\.)*)\//.exec(this.#text.slice(start))
    if (!match) throw new QueryFault('unterminated regular expression', start, this.#text.length)
    this.#at = start + match[0].length
    this.#next = this.#read()
    try {
      return RE2JS.compile(match[1]!.replaceAll('\\/', '/').replace(/\(\?<(?=[A-Za-z])/g, '(?P<'))
    } catch (error) {
      throw new QueryFault(`invalid regular expression: ${(error as Error).message}`, start, this.#at)
    }
  }

  #joined(operator: string, left: Expression, right: Expression): Expression {
    if (++this.#operators > MOST_OPERATORS)
      throw new QueryFault('the query has too many operators', this.#next.start, this.#next.end)
    return { kind: 'binary', operator, left, right }
  }

  #or(): Expression {
    let left = this.#and()
    while (this.#takes('or')) left = this.#joined('or', left, this.#and())
    return left
  }

  #and(): Expression {
    let left = this.#not()
    while (this.#takes('and')) left = this.#joined('and', left, this.#not())
    return left
  }

  #not(): Expression {
    return this.#takes('not') ? { kind: 'not', of: this.#not() } : this.#comparison()
  }

  #comparison(): Expression {
    const left = this.#sum()
    const { kind, text } = this.#next
    if (kind === 'symbol' && /^(=|!=|<|<=|>|>=)$/.test(text)) {
      this.#take()
      return { kind: 'binary', operator: text, left, right: this.#sum() }
    }
    if (kind === 'symbol' && text === '=~') {
      this.#take()
      return { kind: 'binary', operator: 'like', left, right: this.#operand() }
    }
    const negated = this.#takes('not')
    const found = this.#takes('like')
      ? ({ kind: 'binary', operator: 'like', left, right: this.#operand() } as const)
      : this.#takes('in')
        ? ({ kind: 'binary', operator: 'in', left, right: this.#list() } as const)
        : undefined
    if (negated && !found) throw this.#unexpected()
    if (!found) return left
    return negated ? { kind: 'not', of: found } : found
  }

  #operand(): Expression {
    if (this.#next.kind === 'symbol' && this.#next.text === '/')
      return { kind: 'pattern', pattern: this.#pattern() }
    return this.#primary()
  }

  #list(): Expression {
    this.#needs('[')
    const items: Expression[] = []
    do items.push(this.#sum())
    while (this.#takes(','))
    this.#needs(']')
    return { kind: 'list', items }
  }

  #sum(): Expression {
    let left = this.#product()
    for (;;) {
      const operator = this.#next.text
      if (!this.#takes('+', '-')) return left
      left = this.#joined(operator, left, this.#product())
    }
  }

  #product(): Expression {
    let left = this.#primary()
    for (;;) {
      const operator = this.#next.text
      if (!this.#takes('*', '/', '%', '^')) return left
      left = this.#joined(operator, left, this.#primary())
    }
  }

  #primary(): Expression {
    if (++this.#depth > 100) throw new QueryFault('the query is too deep', this.#next.start, this.#next.end)
    try {
      return this.#atom()
    } finally {
      this.#depth--
    }
  }

  #atom(): Expression {
    if (this.#takes('(')) {
      const inner = this.#or()
      this.#needs(')')
      return inner
    }
    if (this.#takes('-'))
      return { kind: 'binary', operator: '-', left: { kind: 'literal', value: 0 }, right: this.#primary() }
    const { kind, text } = this.#next
    if (kind === 'end' || kind === 'symbol') throw this.#unexpected()
    this.#take()
    if (kind === 'number') return { kind: 'literal', value: Number(text) }
    if (kind === 'text' || kind === 'span') return { kind: 'literal', value: text }
    if (kind === 'word' && this.#takes('(')) return { kind: 'call', name: text, args: this.#args() }
    return { kind: 'field', name: text }
  }

  #args(): Expression[] {
    const args: Expression[] = []
    if (this.#takes(')')) return args
    do args.push(this.#takes('*') ? { kind: 'field', name: '*' } : this.#or())
    while (this.#takes(','))
    this.#needs(')')
    return args
  }
}
