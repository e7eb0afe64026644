import { resolvePath } from '../../files/tree.ts'
import { type Directive, find, findAll } from './config.ts'
import { type Exchange, setting } from './exchange.ts'

/** The `location` that a path falls to: exact, longest prefix, or the first regular expression. */
export function chooseLocation(server: readonly Directive[], uri: string): Directive | undefined {
  const locations = findAll(server, 'location')
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
    if (new RegExp(pattern!, modifier === '~*' ? 'i' : '').test(uri)) return location
  }
  return best
}

/** The file that a path stands for, by `root` or `alias`. */
export function filePath(exchange: Exchange, uri: string, location: Directive | undefined): string {
  const alias = find(location?.block, 'alias')
  if (alias) return resolvePath('/', `${alias.args[0]}${uri.slice(location!.args.at(-1)!.length)}`)
  const root = setting(exchange, 'root')?.args[0] ?? 'html'
  return resolvePath('/', `${root.startsWith('/') ? root : `/etc/nginx/${root}`}/${uri}`)
}
