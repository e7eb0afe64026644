import { type KubernetesObject, StatusError } from '../api.ts'

/** `maxSurge`, `maxUnavailable`: a number, or a percentage of `total`. */
export function resolveCount(
  value: number | string | undefined,
  total: number,
  rounding: 'up' | 'down',
): number {
  if (value === undefined) return 0
  if (typeof value === 'number') return value
  const part = (Number(value.replace('%', '')) * total) / 100
  return rounding === 'up' ? Math.ceil(part) : Math.floor(part)
}

/** `maxSurge` and `maxUnavailable` of a rolling update; never both 0. */
export function rollingLimits(
  rolling: { maxSurge?: number | string; maxUnavailable?: number | string } | undefined,
  replicas: number,
): { surge: number; unavailable: number } {
  const surge = resolveCount(rolling?.maxSurge ?? '25%', replicas, 'up')
  const unavailable = resolveCount(rolling?.maxUnavailable ?? '25%', replicas, 'down')
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable }
}

const HASH_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * The hash that names a template's ReplicaSet or revision: same length and alphabet as the real one; its value differs,
 * because the real one hashes Go's memory layout.
 */
export function templateHash(template: unknown, collisions = 0): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${canonical(template)}${collisions || ''}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return [...String(hash)].map((digit) => HASH_ALPHABET[digit.charCodeAt(0) % HASH_ALPHABET.length]).join('')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join()}}`
}

/** Runs `write` and gives undefined instead of NotFound: somebody else was faster. */
export function unlessGone<T extends KubernetesObject | void>(write: () => T): T | undefined {
  try {
    return write()
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined
    throw error
  }
}
