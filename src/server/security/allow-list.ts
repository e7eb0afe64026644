import type { IncomingHttpHeaders } from 'node:http'

/** A request's claim to come from our own pages, as it failed. */
export type Refusal = 'host' | 'origin' | 'site'

const SAFE_METHODS = new Set(['GET', 'HEAD'])

/**
 * Exact lists of the Host and Origin headers that are ours. Host stops DNS rebinding; Origin stops other sites and
 * other ports of this machine, which browsers count as the same site.
 */
export class AllowList {
  readonly #hosts: Set<string>
  readonly #origins: Set<string>

  /** Hosts as browsers send them: `127.0.0.1:4321`. */
  constructor(hosts: string[], scheme: 'http' | 'https' = 'http') {
    this.#hosts = new Set(hosts)
    this.#origins = new Set(hosts.map((host) => `${scheme}://${host}`))
  }

  /** The loopback's names with a port. Browsers leave out port 80. */
  static loopback(port: number): AllowList {
    const suffix = port === 80 ? '' : `:${port}`
    return new AllowList(['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}${suffix}`))
  }

  /** The origins of our own pages. */
  get origins(): string[] {
    return [...this.#origins]
  }

  /** Why a request is refused. A GET may lack the Origin, as browsers send none with pages; nothing else may. */
  refusal(method: string, headers: IncomingHttpHeaders): Refusal | undefined {
    if (!this.#hosts.has(headers.host ?? '')) return 'host'
    if (headers.origin === undefined) {
      if (!SAFE_METHODS.has(method)) return 'origin'
    } else if (!this.#isOwnOrigin(headers.origin, headers.host!)) return 'origin'
    return undefined
  }

  /** Why an API request is refused: as above, and a browser that names another site as its cause. */
  apiRefusal(method: string, headers: IncomingHttpHeaders): Refusal | undefined {
    const site = headers['sec-fetch-site']
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'site'
    return this.refusal(method, headers)
  }

  /** Why an upgrade to a WebSocket is refused: it must name its origin. */
  upgradeRefusal(headers: IncomingHttpHeaders): Refusal | undefined {
    return headers.origin === undefined ? 'origin' : this.apiRefusal('GET', headers)
  }

  /** The origin must be one of ours, and the one that the request went to. */
  #isOwnOrigin(origin: string, host: string): boolean {
    return this.#origins.has(origin) && origin.endsWith(`://${host}`)
  }
}
