import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { cookieValue } from '../security/identity.ts'

/** How long a person may take at the other site, ms. */
const PATIENCE = 10 * 60_000
/** Sign-ins that may be under way at once; the oldest goes first. */
const LIMIT = 1_000

interface Pending<Kept> {
  kept: Kept
  /** What the browser's cookie says. */
  browser: string
  until: number
}

export interface PendingSignInsOptions {
  cookie: string
  /** The paths that the cookie is sent to. */
  path: string
  /** Whether over TLS only. */
  secure: boolean
}

/**
 * Sign-ins that another site is to answer. Each is known by its `state`, which goes there and comes back, and ends only in the browser that
 * began it. The cookie is Lax, unlike the session's: the browser comes back from that other site, by a GET.
 */
export class PendingSignIns<Kept> {
  readonly #options: PendingSignInsOptions
  readonly #pending = new Map<string, Pending<Kept>>()

  constructor(options: PendingSignInsOptions) {
    this.#options = options
  }

  /** Begins one; `cookie` is the header that binds the browser to it. */
  begin(kept: Kept): { state: string; cookie: string } {
    for (const [state, { until }] of this.#pending) {
      if (until > performance.now() && this.#pending.size < LIMIT) break
      this.#pending.delete(state)
    }
    const state = secret()
    const browser = secret()
    this.#pending.set(state, { kept, browser, until: performance.now() + PATIENCE })
    return { state, cookie: this.#cookie(browser, PATIENCE / 1000) }
  }

  /** What is kept of one that is under way, whichever browser asks. */
  find(state: string): Kept | undefined {
    const pending = this.#pending.get(state)
    return pending && pending.until > performance.now() ? pending.kept : undefined
  }

  /** Ends one; undefined when none is under way, or another browser began it. */
  take(state: string, headers: IncomingHttpHeaders): Kept | undefined {
    const kept = this.find(state)
    const browser = Buffer.from(cookieValue(headers.cookie, this.#options.cookie) ?? '')
    const wanted = Buffer.from(this.#pending.get(state)?.browser ?? '')
    if (kept === undefined || browser.length !== wanted.length || !timingSafeEqual(browser, wanted))
      return undefined
    this.#pending.delete(state)
    return kept
  }

  /** The header that takes the cookie away. */
  get done(): string {
    return this.#cookie('', 0)
  }

  #cookie(value: string, age: number): string {
    const { cookie, path, secure } = this.#options
    return `${cookie}=${value}; Path=${path}; HttpOnly; SameSite=Lax; Max-Age=${age}${secure ? '; Secure' : ''}`
  }
}

const secret = () => randomBytes(16).toString('base64url')
