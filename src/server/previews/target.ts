import { Problem } from '../problem.ts'

/** Where a preview leads: a server inside a learner's lab network. */
export interface Target {
  secure: boolean
  /** In lower case, IPv6 without brackets. */
  host: string
  port: number
}

/** Ports that browsers refuse, too, are the tools' business: https://fetch.spec.whatwg.org/#port-blocking */
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|[0-9a-f:]{2,45})$/

/** Reads an address as people type it: with or without a scheme, `localhost:8080/path`. Throws a Problem for what is none. */
export function parseAddress(text: string): { target: Target; path: string } {
  const words = text.trim()
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(words) ? words : `http://${words}`)
  const host = url?.hostname.replace(/^\[|\]$/g, '') ?? ''
  if (!url || !/^https?:$/.test(url.protocol) || !NAME.test(host) || url.username || url.password) {
    throw new Problem(400, {
      code: 'no-web-address',
      what: 'This is no address of a web page.',
      why: 'A preview opens http and https only, by a name or an IP address.',
      next: 'Write it as for curl: http://localhost:8080 or the DNS name of a load balancer.',
    })
  }
  const secure = url.protocol === 'https:'
  return {
    target: { secure, host, port: Number(url.port || (secure ? 443 : 80)) },
    path: url.pathname + url.search + url.hash,
  }
}

/** `http://localhost:8080`, as a browser writes an origin. */
export function originOf({ secure, host, port }: Target): string {
  const name = host.includes(':') ? `[${host}]` : host
  const usual = port === (secure ? 443 : 80)
  return `http${secure ? 's' : ''}://${name}${usual ? '' : `:${port}`}`
}

export const isLocalhost = ({ host }: Target): boolean => /^(?:localhost|127\.0\.0\.1|::1)$/.test(host)
