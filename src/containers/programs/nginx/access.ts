import { inNetwork } from './addresses.ts'
import { fail } from './answer.ts'
import { find } from './config.ts'
import { type Exchange, remoteAddress, setting, settings } from './exchange.ts'
import { errorLog } from './logs.ts'
import { knownUser } from './passwords.ts'
import { limited } from './request-limits.ts'
import { variables } from './variables.ts'

/**
 * Decides whether a request may be answered: limits, addresses, passwords, size. What it refuses it answers.
 * https://nginx.org/en/docs/http/ngx_http_access_module.html, …/ngx_http_auth_basic_module.html
 */
export async function admitted(exchange: Exchange): Promise<boolean> {
  const { req } = exchange
  const refuse = async (status: number, headers?: Record<string, string>) => {
    await fail(exchange, status, headers)
    return false
  }
  const limit = await limited(exchange)
  if (limit !== undefined) return refuse(limit)
  const methods = find(exchange.location?.block, 'limit_except')
  const excepted = methods?.args.some(
    (method) => method === req.method || (method === 'GET' && req.method === 'HEAD'),
  )
  // Its rules are for the methods that it does not name.
  if (methods && !excepted) exchange.scopes.push(methods.block ?? [])
  const any = setting(exchange, 'satisfy')?.args[0] === 'any'
  const byAddress = addressRule(exchange)
  if (byAddress === 'deny' && !any) {
    errorLog(exchange, 'access forbidden by rule')
    return refuse(403)
  }
  if (!(any && byAddress === 'allow')) {
    const realm = variables(exchange, setting(exchange, 'auth_basic')?.args[0] ?? 'off')
    if (realm !== 'off') {
      const user = await knownUser(exchange)
      if (user === 'unknown') return refuse(401, { 'WWW-Authenticate': `Basic realm="${realm}"` })
      if (user === 'unreadable') return refuse(403)
    } else if (byAddress === 'deny') return refuse(403)
  }
  const most = bytes(setting(exchange, 'client_max_body_size')?.args[0] ?? '1m')
  if (most > 0 && Number(req.headers['content-length'] ?? 0) > most) {
    errorLog(exchange, `client intended to send too large body: ${req.headers['content-length']} bytes`)
    return refuse(413)
  }
  return true
}

/** What the first rule that fits the client's address says. */
function addressRule(exchange: Exchange): 'allow' | 'deny' | undefined {
  const address = remoteAddress(exchange)
  const rule = settings(exchange, 'allow', 'deny').find(({ args }) => inNetwork(address, args[0] ?? ''))
  return rule?.name as 'allow' | 'deny' | undefined
}

/** `10m` in bytes. */
function bytes(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  if (!match) return 0
  return Number(match[1]) * { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[match[2]!.toLowerCase()]!
}
