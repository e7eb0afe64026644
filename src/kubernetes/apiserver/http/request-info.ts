/** What a request is about. Models apiserver/pkg/endpoints/request.RequestInfo. */
export interface RequestInfo {
  /** Whether it is about an API object, and not `/version` or discovery. */
  isResource: boolean
  path: string
  verb: string
  group: string
  version: string
  namespace: string
  resource: string
  name: string
  subresource: string
  /** What comes after the subresource: the path of a proxy. */
  rest: string
  query: URLSearchParams
}

const METHODS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
/** Subresources of a namespace itself; other words after `/namespaces/x/` are resources in it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize'])

/** Reads method and URL of a request. */
export function requestInfo(method: string, url: string): RequestInfo {
  const question = url.indexOf('?')
  const path = question === -1 ? url : url.slice(0, question)
  const query = new URLSearchParams(question === -1 ? '' : url.slice(question + 1))
  const info: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    namespace: '',
    resource: '',
    name: '',
    subresource: '',
    rest: '',
    query,
  }
  const parts = path.split('/').slice(1).map(decode)
  if (parts.at(-1) === '') parts.pop()
  const rest = groupAndVersion(info, parts)
  if (!rest || rest.length === 0) return info
  info.isResource = true
  info.verb = METHODS[method] ?? 'get'
  const isWatchPath = rest[0] === 'watch'
  if (isWatchPath) rest.shift()
  scope(info, rest)
  const watches = isWatchPath || /^(true|1)$/i.test(query.get('watch') ?? '')
  if (info.verb === 'get') {
    if (watches && !info.subresource) info.verb = 'watch'
    else if (!info.name) info.verb = 'list'
  }
  if (info.verb === 'delete' && !info.name) info.verb = 'deletecollection'
  return info
}

function groupAndVersion(info: RequestInfo, parts: string[]): string[] | undefined {
  if (parts[0] === 'api' && parts.length > 2) {
    info.version = parts[1]!
    return parts.slice(2)
  }
  if (parts[0] === 'apis' && parts.length > 3) {
    info.group = parts[1]!
    info.version = parts[2]!
    return parts.slice(3)
  }
  return undefined
}

function scope(info: RequestInfo, parts: string[]): void {
  let rest = parts
  if (rest[0] === 'namespaces' && rest.length > 1) {
    info.namespace = rest[1]!
    if (rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(rest[2]!)) rest = rest.slice(2)
  }
  info.resource = rest[0] ?? ''
  info.name = rest[1] ?? ''
  info.subresource = rest[2] ?? ''
  info.rest = rest.slice(3).join('/')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
