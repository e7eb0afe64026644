import { readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import { passwordFits } from '../password-hashes.ts'
import { type Exchange, setting } from './exchange.ts'
import { errorLog } from './logs.ts'
import { variables } from './variables.ts'

/** Puts the user of `auth_basic` into the exchange. `unreadable`: the password file cannot be read, as nginx answers 403 to. */
export async function knownUser(exchange: Exchange): Promise<'known' | 'unknown' | 'unreadable'> {
  const { process } = exchange.site
  const given = /^Basic\s+(\S+)$/i.exec(exchange.req.headers.authorization ?? '')?.[1]
  const text = given ? Buffer.from(given, 'base64').toString() : ''
  const colon = text.indexOf(':')
  if (colon === -1) {
    errorLog(exchange, 'no user/password was provided for basic authentication')
    return 'unknown'
  }
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  const path = resolvePath(
    '/etc/nginx',
    variables(exchange, setting(exchange, 'auth_basic_user_file')?.args[0] ?? ''),
  )
  const node = process.machine.files.find(path)
  if (node?.kind !== 'file') {
    errorLog(exchange, `open() "${path}" failed (2: No such file or directory)`)
    return 'unreadable'
  }
  const line = Buffer.from(await readContent(node.content))
    .toString()
    .split(/\r?\n/)
    .find((candidate) => candidate.startsWith(`${user}:`))
  if (line === undefined) {
    errorLog(exchange, `user "${user}" was not found in "${path}"`)
    return 'unknown'
  }
  const stored = line.slice(user.length + 1).split(':')[0]!
  if (!(await passwordFits(password, stored))) {
    errorLog(exchange, `user "${user}": password mismatch`)
    return 'unknown'
  }
  exchange.user = user
  return 'known'
}
