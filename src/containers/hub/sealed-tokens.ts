import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { World } from '#world/world.ts'

/** JSON web tokens of a world's Docker Hub: sealed with a secret of the world, so none is recorded. */
export class SealedTokens {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** A token of these claims for some seconds (world's time). */
  sign(claims: Record<string, unknown>, seconds: number): string {
    const now = Math.floor(this.#world.clock.now() / 1000)
    const jti = `dckr_jti_${randomBytes(20).toString('base64url')}=`
    const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, iat: now, nbf: now, exp: now + seconds, jti })}`
    return `${text}.${this.#mac(text)}`
  }

  /** The claims of a token that is whole, of this world and not expired. */
  // biome-ignore lint/suspicious/noExplicitAny: claims are what was signed.
  verify(token: string): Record<string, any> | undefined {
    const [header, payload, signature] = token.split('.')
    if (!header || !payload || !signature) return undefined
    const expected = Buffer.from(this.#mac(`${header}.${payload}`))
    const given = Buffer.from(signature)
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return claims.exp * 1000 < this.#world.clock.now() ? undefined : claims
  }

  #mac(text: string): string {
    const secret = this.#world.store.update<string>(
      'docker-hub/secret',
      (known) => known ?? randomBytes(32).toString('hex'),
    )!
    return createHmac('sha256', secret).update(text).digest('base64url')
  }
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
