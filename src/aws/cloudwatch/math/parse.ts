/** What is wrong with an expression. */
export class MathError extends Error {
  override readonly name = 'MathError'
}

/** An expression of metric math. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html */
export type Node =
  | { kind: 'number'; value: number }
  | { kind: 'text'; value: string }
  | { kind: 'name'; name: string }
  | { kind: 'list'; items: Node[] }
  | { kind: 'call'; name: string; args: Node[] }
  | { kind: 'negative'; of: Node }
  | { kind: 'binary'; operator: string; left: Node; right: Node }

/** Loosest first. */
const LEVELS = [
  ['||', 'OR'],
  ['&&', 'AND'],
  ['==', '!=', '<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/'],
  ['^'],
]
const TOKEN =
  /\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)|("[^"]*"|'[^']*')|([A-Za-z_]\w*)|(\|\||&&|==|!=|<=|>=|[-+*/^<>()[\],]))/iy
const DEEPEST = 100

/** Reads an expression. Throws MathError. */
export function parseExpression(text: string): Node {
  const parser = new Parser(tokensOf(text))
  return parser.whole()
}

interface Token {
  kind: 'number' | 'text' | 'name' | 'symbol' | 'end'
  text: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  const end = text.trimEnd().length
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(text)
    if (!match) throw new MathError(`Unexpected symbol '${text.slice(at).trim()[0]}'`)
    const [, number, quoted, name, symbol] = match
    if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.slice(1, -1) })
    else if (name !== undefined)
      tokens.push({ kind: /^(and|or)$/i.test(name) ? 'symbol' : 'name', text: name })
    else tokens.push({ kind: 'symbol', text: symbol! })
  }
  return [...tokens, { kind: 'end', text: '' }]
}

class Parser {
  readonly #tokens: Token[]
  #at = 0
  #depth = 0

  constructor(tokens: Token[]) {
    this.#tokens = tokens
  }

  whole(): Node {
    const node = this.#level(0)
    if (this.#next.kind !== 'end') throw new MathError(`Unexpected symbol '${this.#next.text}'`)
    return node
  }

  get #next(): Token {
    return this.#tokens[this.#at]!
  }

  #takes(symbol: string): boolean {
    if (this.#next.kind !== 'symbol' || this.#next.text !== symbol) return false
    this.#at++
    return true
  }

  #needs(symbol: string): void {
    if (!this.#takes(symbol)) throw new MathError(`Missing '${symbol}'`)
  }

  #level(level: number): Node {
    const operators = LEVELS[level]
    if (!operators) return this.#unary()
    let left = this.#level(level + 1)
    for (;;) {
      const { kind, text } = this.#next
      const operator = text.toUpperCase()
      if (kind !== 'symbol' || !operators.includes(operator)) return left
      this.#at++
      const named = operator === 'AND' ? '&&' : operator === 'OR' ? '||' : operator
      left = { kind: 'binary', operator: named, left, right: this.#level(level + 1) }
    }
  }

  #unary(): Node {
    if (++this.#depth > DEEPEST) throw new MathError('The expression is too deep')
    try {
      return this.#takes('-') ? { kind: 'negative', of: this.#unary() } : this.#primary()
    } finally {
      this.#depth--
    }
  }

  #primary(): Node {
    const { kind, text } = this.#next
    if (this.#takes('(')) {
      const inner = this.#level(0)
      this.#needs(')')
      return inner
    }
    if (this.#takes('[')) return { kind: 'list', items: this.#items(']') }
    this.#at++
    if (kind === 'number') return { kind, value: Number(text) }
    if (kind === 'text') return { kind, value: text }
    if (kind === 'name')
      return this.#takes('(')
        ? { kind: 'call', name: text.toUpperCase(), args: this.#items(')') }
        : { kind, name: text }
    throw new MathError(kind === 'end' ? 'The expression is incomplete' : `Unexpected symbol '${text}'`)
  }

  #items(close: string): Node[] {
    const items: Node[] = []
    if (this.#takes(close)) return items
    do items.push(this.#level(0))
    while (this.#takes(','))
    this.#needs(close)
    return items
  }
}
