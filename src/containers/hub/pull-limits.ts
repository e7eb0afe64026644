import type { World } from '#world/world.ts'
import { RegistryError } from '../registry/policy.ts'
import { LIMITS, refusals } from './data/plans.ts'

/** Who pulls, as the limit counts. */
export interface Puller {
  /** Account, or undefined for anonymous. */
  name?: string
  /** What the header names as the source: the account's id, or the address. */
  source: string
  /** Id of the token that was shown; part of the refusal. */
  tokenId: string
}

/** Docker Hub's limits of pulls in six hours of the world's time, by account or address. */
export class PullLimits {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Headers of an answer to a manifest request. With `counts` it is a pull: throws TOOMANYREQUESTS when none is left. */
  check({ name, source, tokenId }: Puller, counts: boolean): Record<string, string> {
    const { store, clock } = this.#world
    const now = clock.now()
    const limit = name === undefined ? LIMITS.anonymousPulls : LIMITS.personalPulls
    const key = `docker-hub/pulls/${source}`
    const recent = (store.get<number[]>(key)?.value ?? []).filter((at) => now - at < LIMITS.window * 1000)
    const allowed = recent.length < limit
    const taken = allowed && counts ? [...recent, Math.floor(now)] : recent
    if (taken !== recent) store.put(key, taken)
    const headers = {
      'ratelimit-limit': `${limit};w=${LIMITS.window}`,
      'ratelimit-remaining': `${limit - taken.length};w=${LIMITS.window}`,
      'docker-ratelimit-source': source,
    }
    if (allowed || !counts) return headers
    const retry = Math.ceil((recent[0]! + LIMITS.window * 1000 - now) / 1000)
    const message = name === undefined ? refusals.anonymous : refusals.personal(name, tokenId)
    throw new RegistryError(429, 'TOOMANYREQUESTS', message, {
      headers: { ...headers, 'retry-after': String(retry) },
    })
  }
}
