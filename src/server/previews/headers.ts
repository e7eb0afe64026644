import type { IncomingHttpHeaders } from 'node:http'

/** Of one connection, not of the message: RFC 9110, 7.6.1. */
const HOP = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'te', 'trailer', 'upgrade']
/** What would hold for the preview's address, or keeps the page out of the lab's. */
const UNWANTED = new Set([
  ...HOP,
  'x-frame-options',
  'strict-transport-security',
  'service-worker-allowed',
  'alt-svc',
])

/** A request's headers as the lab's server gets them: `origin` is where the browser believes to be, `target` where it is. */
export function requestHeaders(
  headers: IncomingHttpHeaders,
  origin: string,
  target: string,
): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !HOP.includes(name))
  const sent: IncomingHttpHeaders = Object.fromEntries(kept)
  sent.host = target.replace(/^https?:\/\//, '')
  if (sent.origin === origin) sent.origin = target
  if (sent.referer?.startsWith(`${origin}/`)) sent.referer = target + sent.referer.slice(origin.length)
  return sent
}

/**
 * An answer's headers as the browser gets them. The page may be framed by the lab's page only, cookies stay with the
 * preview's own name, and `redirected` says where a redirection leads.
 */
export function responseHeaders(
  raw: string[],
  frameAncestors: readonly string[],
  redirected: (location: string) => string,
): string[] {
  const sent: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!
    const lower = name.toLowerCase()
    let value = raw[at + 1]!
    if (UNWANTED.has(lower)) continue
    if (lower === 'location') value = redirected(value)
    if (lower === 'set-cookie') value = value.replace(/;\s*domain=[^;]*/gi, '')
    if (lower === 'content-security-policy') value = value.replace(/(^|;)\s*frame-ancestors[^;]*/gi, '$1')
    sent.push(name, value)
  }
  sent.push('content-security-policy', `frame-ancestors ${frameAncestors.join(' ')}`)
  sent.push('referrer-policy', 'no-referrer')
  return sent
}
