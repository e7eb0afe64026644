import { createHmac, hash } from 'node:crypto'

/** A request that is to be signed. */
export interface Unsigned {
  url: URL
  method: string
  /** Those that the user set, by names in lower case. */
  headers: Record<string, string>
  body: Buffer | undefined
  /** `--user`: key and secret. */
  user: string
}

/** A provider, region or service that curl cannot do without; `code` is what it ends with. */
export class SignatureProblem extends Error {
  override readonly name = 'SignatureProblem'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The headers that `--aws-sigv4 provider1[:provider2[:region[:service]]]` adds: a date, and the signature of the request.
 * `now`: ms since the epoch. Throws SignatureProblem. https://curl.se/docs/manpage.html#--aws-sigv4
 */
export function signedHeaders(option: string, unsigned: Unsigned, now: number): Record<string, string> {
  const { url, method, headers, body, user } = unsigned
  const { provider, prefix, region, service } = readOption(option, url.hostname)
  const colon = user.indexOf(':')
  const [key, secret] = colon < 0 ? [user, ''] : [user.slice(0, colon), user.slice(colon + 1)]
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const algorithm = `${provider.toUpperCase()}4-HMAC-SHA256`
  const scope = [date.slice(0, 8), region, service, `${provider}4_request`]
  const signed = Object.entries({ ...headers, host: url.host, [`x-${prefix}-date`]: date }).sort(byName)
  const names = signed.map(([name]) => name).join(';')
  const canonical = [
    method,
    url.pathname.split('/').map(encoded).join('/'),
    canonicalQuery(url.search.slice(1)),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, ' ')}`),
    '',
    names,
    hash('sha256', body ?? ''),
  ].join('\n')
  const text = [algorithm, date, scope.join('/'), hash('sha256', canonical)].join('\n')
  const signature = [...scope, text].reduce(
    (parent, part) => createHmac('sha256', parent).update(part).digest(),
    Buffer.from(`${provider.toUpperCase()}4${secret}`),
  )
  return {
    authorization: `${algorithm} Credential=${key}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`,
    [`x-${prefix}-date`]: date,
  }
}

/** What the option leaves out is in the host's name: `<service>.<region>.amazonaws.com`. */
function readOption(option: string, host: string) {
  const [provider = '', prefix = provider, region, service] = option.split(':')
  if (provider === '') throw new SignatureProblem(43, 'first aws-sigv4 provider cannot be empty')
  if (prefix === '') throw new SignatureProblem(43, 'second aws-sigv4 provider cannot be empty')
  if (region === '') throw new SignatureProblem(43, 'region cannot be empty')
  if (service === '') throw new SignatureProblem(43, 'service cannot be empty')
  const labels = host.split('.')
  const part = (name: string, index: number): string => {
    if (labels.length > index + 1) return labels[index]!
    throw new SignatureProblem(3, `aws-sigv4: ${name} missing in parameters and hostname`)
  }
  return {
    provider: provider.toLowerCase(),
    prefix: prefix.toLowerCase(),
    service: service ?? part('service', 0),
    region: region ?? part('region', 1),
  }
}

const byName = ([one]: [string, string], [other]: [string, string]) => (one < other ? -1 : 1)

const encoded = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [encodedOnce(name), encodedOnce(value.join('='))] as [string, string]
    })
    .sort(byName)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

/** What the URL has encoded already stays as it is. */
const encodedOnce = (text: string) =>
  text.replace(/%[\da-f]{2}|[^\w.~-]/gi, (part) => (part.length > 1 ? part.toUpperCase() : encoded(part)))
