import { resolvePath } from '../../files/tree.ts'
import { type Directive, find, findAll } from './config.ts'
import { type Exchange, expression, matches, setting } from './exchange.ts'
import { variables } from './variables.ts'

/** The locations that a path falls to, from the outside in: exact, longest prefix, or the first regular expression. */
export function chooseLocations(exchange: Exchange, block: readonly Directive[], uri: string): Directive[] {
  const chosen = chooseLocation(exchange, block, uri)
  if (!chosen) return []
  return [chosen, ...chooseLocations(exchange, chosen.block ?? [], uri)]
}

function chooseLocation(exchange: Exchange, block: readonly Directive[], uri: string): Directive | undefined {
  const locations = findAll(block, 'location')
  let best: Directive | undefined
  let bestLength = -1
  for (const location of locations) {
    const [first = '', second] = location.args
    const modifier = second === undefined ? '' : first
    const pattern = second ?? first
    if (modifier === '=' && uri === pattern) return location
    if (
      (modifier === '' || modifier === '^~') &&
      !pattern.startsWith('@') &&
      uri.startsWith(pattern) &&
      pattern.length > bestLength
    ) {
      best = location
      bestLength = pattern.length
    }
  }
  if (best?.args[0] === '^~') return best
  for (const location of locations) {
    const [modifier, pattern] = location.args
    if (modifier !== '~' && modifier !== '~*') continue
    if (matches(exchange, pattern!, uri, modifier === '~*')) return location
  }
  return best
}

/** Puts a request into the locations of its path, or into a named one. */
export function enter(exchange: Exchange, locations: readonly Directive[]): void {
  const { site } = exchange
  exchange.location = locations.at(-1)
  exchange.scopes = [site.http, site.server, ...locations.map(({ block }) => block ?? [])]
}

/** The file that a path stands for in the request's location, by `root` or `alias`. */
export function filePath(exchange: Exchange, uri: string): string {
  const { location } = exchange
  const alias = find(location?.block, 'alias')
  if (alias) {
    const [modifier, pattern] = location!.args
    const target = variables(exchange, alias.args[0] ?? '')
    // Of a regular expression the alias names the whole file.
    if (modifier === '~' || modifier === '~*')
      return expression(pattern!, modifier === '~*').test(uri)
        ? resolvePath('/', target)
        : resolvePath('/', `${target}${uri}`)
    return resolvePath('/', `${target}${uri.slice(location!.args.at(-1)!.length)}`)
  }
  const root = variables(exchange, setting(exchange, 'root')?.args[0] ?? 'html')
  return resolvePath('/', `${root.startsWith('/') ? root : `/etc/nginx/${root}`}/${uri}`)
}
