import { answerReturn, redirect } from './answer.ts'
import type { Directive } from './config.ts'
import { type Exchange, matches } from './exchange.ts'
import { filePath } from './location.ts'
import { variables } from './variables.ts'

/**
 * How the rewrite directives of a block ended: the request is answered, goes to the location of its new path, or stays;
 * `go on` has met nothing that ends them.
 */
export type Rewritten = 'answered' | 'again' | 'stay' | 'go on'

/**
 * Runs a block's `set`, `if`, `rewrite`, `return` and `break`, in their order.
 * https://nginx.org/en/docs/http/ngx_http_rewrite_module.html
 */
export async function rewrite(exchange: Exchange, block: readonly Directive[]): Promise<Rewritten> {
  const before = exchange.uri
  const ended = await run(exchange, block)
  if (ended !== 'go on') return ended
  return exchange.uri === before ? 'stay' : 'again'
}

async function run(exchange: Exchange, block: readonly Directive[]): Promise<Rewritten> {
  for (const directive of block) {
    const { name, args } = directive
    switch (name) {
      case 'break':
        return 'stay'
      case 'set':
        exchange.variables.set(args[0]!.slice(1), variables(exchange, args[1] ?? ''))
        break
      case 'return':
        await answerReturn(exchange, args)
        return 'answered'
      case 'if': {
        if (!holds(exchange, args)) break
        exchange.scopes.push(directive.block ?? [])
        const ended = await run(exchange, directive.block ?? [])
        if (ended !== 'go on') return ended
        break
      }
      case 'rewrite': {
        const ended = replace(exchange, args)
        if (ended !== 'go on') return ended
      }
    }
  }
  return 'go on'
}

function replace(exchange: Exchange, [pattern = '', replacement = '', flag]: readonly string[]): Rewritten {
  if (!matches(exchange, pattern, exchange.uri)) return 'go on'
  const target = variables(exchange, replacement)
  // The request's own arguments follow, unless the replacement ends with a question mark.
  const [path = '/', ...rest] = target.split('?')
  const own = rest.join('?')
  const query = target.endsWith('?')
    ? own.replace(/\?$/, '')
    : [own, exchange.query].filter(Boolean).join('&')
  if (flag === 'redirect' || flag === 'permanent' || /^(?:https?:\/\/|\$scheme)/.test(replacement)) {
    redirect(exchange, flag === 'permanent' ? 301 : 302, path + (query ? `?${query}` : ''))
    return 'answered'
  }
  exchange.uri = path
  exchange.query = query
  return flag === 'last' ? 'again' : flag === 'break' ? 'stay' : 'go on'
}

/** Whether the condition of an `if` holds. */
function holds(exchange: Exchange, args: readonly string[]): boolean {
  const words = condition(args)
  const [first = '', operator, second = ''] = words
  if (operator === undefined) {
    const value = variables(exchange, first)
    return value !== '' && value !== '0'
  }
  if (/^!?-[fdex]$/.test(first)) return first.startsWith('!') !== fileIs(exchange, first.at(-1)!, operator)
  const value = variables(exchange, first)
  switch (operator) {
    case '=':
      return value === variables(exchange, second)
    case '!=':
      return value !== variables(exchange, second)
    default:
      return operator.startsWith('!') !== matches(exchange, second, value, operator.endsWith('*'))
  }
}

/** The words between the parentheses of an `if`. */
export const condition = (args: readonly string[]): string[] => {
  const words = [...args]
  if (words[0]?.startsWith('(')) words[0] = words[0].slice(1)
  const last = words.length - 1
  if (words[last]?.endsWith(')')) words[last] = words[last].slice(0, -1)
  return words.filter((word, index) => word !== '' || (index > 0 && index < last))
}

function fileIs(exchange: Exchange, test: string, text: string): boolean {
  const named = variables(exchange, text)
  const path = named.startsWith('/') ? named : filePath(exchange, named)
  const node = exchange.site.process.machine.files.find(path)
  if (!node) return false
  if (test === 'f') return node.kind === 'file'
  if (test === 'd') return node.kind === 'directory'
  return test === 'e' || (node.mode & 0o111) !== 0
}
