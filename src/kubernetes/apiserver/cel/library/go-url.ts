// URLs as Go's net/url reads them, its errors included. Source: go.dev/src/net/url/url.go, read 2026-11.

export interface GoUrl {
  scheme: string
  /** With the port, an IPv6 address in brackets. */
  host: string
  hostname: string
  port: string
  /** Escaped. */
  path: string
  query: string
}

const ESCAPE = /%(?![0-9A-Fa-f]{2}).{0,2}/s

function checkEscapes(text: string): void {
  const wrong = ESCAPE.exec(text)?.[0]
  if (wrong !== undefined) throw new Error(`invalid URL escape ${JSON.stringify(wrong)}`)
}

/** Splits `https:…`; what begins with no letter has no scheme. */
function schemeOf(text: string): [scheme: string, rest: string] {
  if (text.startsWith(':')) throw new Error('missing protocol scheme')
  const [whole, scheme] = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text) ?? []
  return whole === undefined ? ['', text] : [scheme!.toLowerCase(), text.slice(whole.length)]
}

function checkPort(port: string): void {
  if (port !== '' && !/^:\d*$/.test(port)) throw new Error(`invalid port ${JSON.stringify(port)} after host`)
}

function hostOf(authority: string): Pick<GoUrl, 'host' | 'hostname' | 'port'> {
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  if (host.startsWith('[')) {
    const end = host.lastIndexOf(']')
    if (end === -1) throw new Error("missing ']' in host")
    checkPort(host.slice(end + 1))
    return { host, hostname: host.slice(1, end), port: host.slice(end + 2) }
  }
  const colon = host.lastIndexOf(':')
  if (colon !== -1) checkPort(host.slice(colon))
  const wrong = /[^\w\-.~!$&'()*+,;=:[\]<>"%\u0080-\uffff]/.exec(host)?.[0]
  if (wrong !== undefined) throw new Error(`invalid character ${JSON.stringify(wrong)} in host name`)
  checkEscapes(host)
  return colon === -1
    ? { host, hostname: host, port: '' }
    : { host, hostname: host.slice(0, colon), port: host.slice(colon + 1) }
}

/** Characters that a path keeps as they are. */
const escapedPath = (path: string) =>
  encodeURI(path).replaceAll('%25', '%').replaceAll('[', '%5B').replaceAll(']', '%5D')

/** Reads an absolute URL or an absolute path. Throws an Error in the words of `url.ParseRequestURI`. */
export function parseUrl(text: string): GoUrl {
  try {
    return parse(text)
  } catch (error) {
    throw new Error(`parse ${JSON.stringify(text)}: ${(error as Error).message}`)
  }
}

function parse(text: string): GoUrl {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
  if (/[\u0000-\u001f\u007f]/.test(text)) throw new Error('net/url: invalid control character in URL')
  if (text === '') throw new Error('empty url')
  const nothing = { scheme: '', host: '', hostname: '', port: '', path: '', query: '' }
  if (text === '*') return { ...nothing, path: '*' }
  const [scheme, behind] = schemeOf(text)
  const [whole, ...queries] = behind.split('#')[0]!.split('?')
  const query = queries.join('?')
  if (!behind.startsWith('/')) {
    if (scheme === '') throw new Error('invalid URI for request')
    return { ...nothing, scheme, query }
  }
  const hasHost = scheme !== '' && whole!.startsWith('//')
  const slash = hasHost ? whole!.indexOf('/', 2) : 0
  const path = slash === -1 ? '' : whole!.slice(slash)
  checkEscapes(path)
  const host = hasHost ? hostOf(whole!.slice(2, slash === -1 ? undefined : slash)) : {}
  return { ...nothing, ...host, scheme, path: escapedPath(path), query }
}

/** The parameters of a query by their names; what cannot be read is left out. */
export function queryOf({ query }: GoUrl): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null)
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue
    const [name, ...value] = pair.split('=')
    try {
      const read = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
      const key = read(name!)
      values[key] = [...(values[key] ?? []), read(value.join('='))]
    } catch {}
  }
  return Object.fromEntries(Object.entries(values))
}
