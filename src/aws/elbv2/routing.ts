import type { IncomingMessage } from 'node:http'
import type { Action, RuleCondition } from '@aws-sdk/client-elastic-load-balancing-v2'
import { contains, parseCidr } from '../ec2/cidr.ts'
import type { ListenerRecord, RuleRecord } from './records.ts'

/** What rules look at in a request. */
export interface RoutedRequest {
  method: string
  host: string
  path: string
  query: URLSearchParams
  headers: IncomingMessage['headers']
  sourceIp: string
}

export function routedRequest(req: IncomingMessage, sourceIp: string): RoutedRequest {
  const [path = '/', query = ''] = (req.url ?? '/').split(/\?(.*)/s)
  return {
    method: req.method ?? 'GET',
    host: (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase(),
    path,
    query: new URLSearchParams(query),
    headers: req.headers,
    sourceIp,
  }
}

/** The action for a request: of the first rule by priority whose conditions all hold, else the listener's own. */
export function actionFor(listener: ListenerRecord, rules: RuleRecord[], request: RoutedRequest): Action {
  const rule = rules.find(({ conditions }) => conditions.every((condition) => holds(condition, request)))
  return (rule?.actions ?? listener.defaultActions).at(-1)!
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html */
function holds(condition: RuleCondition, request: RoutedRequest): boolean {
  switch (condition.Field) {
    case 'path-pattern':
      return some(condition.PathPatternConfig?.Values, (pattern) => wildcard(pattern).test(request.path))
    case 'host-header':
      return some(condition.HostHeaderConfig?.Values, (pattern) => wildcard(pattern, 'i').test(request.host))
    case 'http-request-method':
      return some(condition.HttpRequestMethodConfig?.Values, (method) => method === request.method)
    case 'http-header': {
      const header = request.headers[condition.HttpHeaderConfig!.HttpHeaderName!.toLowerCase()]
      const present = [header ?? []].flat()
      return some(condition.HttpHeaderConfig?.Values, (pattern) =>
        present.some((value) => wildcard(pattern, 'i').test(value)),
      )
    }
    case 'query-string':
      return some(condition.QueryStringConfig?.Values, ({ Key, Value = '' }) =>
        [...request.query].some(
          ([key, value]) =>
            (Key === undefined || wildcard(Key, 'i').test(key)) && wildcard(Value, 'i').test(value),
        ),
      )
    case 'source-ip': {
      const from = parseCidr(`${request.sourceIp}/32`)
      return some(condition.SourceIpConfig?.Values, (cidr) => {
        const block = parseCidr(cidr)
        return block !== undefined && from !== undefined && contains(block, from)
      })
    }
    default:
      return false
  }
}

const some = <T>(values: T[] | undefined, test: (value: T) => boolean) => (values ?? []).some(test)

/** A pattern with `*` for any characters and `?` for one. */
export function wildcard(pattern: string, flags = ''): RegExp {
  const text = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${text}$`, `s${flags}`)
}

/** Where a redirect action leads. */
export function redirectLocation(
  action: Action,
  request: { host: string; path: string; query: string; port: number; protocol: string },
): string {
  const config = action.RedirectConfig!
  const fill = (template: string) =>
    template
      .replaceAll('#{protocol}', request.protocol.toLowerCase())
      .replaceAll('#{host}', request.host)
      .replaceAll('#{port}', String(request.port))
      .replaceAll('#{path}', request.path.replace(/^\//, ''))
      .replaceAll('#{query}', request.query)
  const query = fill(config.Query ?? '')
  const protocol = fill(config.Protocol ?? '').toLowerCase()
  return `${protocol}://${fill(config.Host ?? '')}:${fill(config.Port ?? '')}${fill(config.Path ?? '')}${query ? `?${query}` : ''}`
}
