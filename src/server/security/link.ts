import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * The secret in the link that `drydock start` prints: whoever has it owns this server. It stands in the address's
 * fragment, which browsers send to nobody.
 */
export class SignInLink {
  readonly #token = randomBytes(16).toString('base64url')

  /** The address to open. */
  href(url: string): string {
    return `${url}/#token=${this.#token}`
  }

  matches(token: string): boolean {
    return timingSafeEqual(digest(token), digest(this.#token))
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
