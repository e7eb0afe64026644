import { badRequest } from './api.ts'

/** Whether labels have `name`, or `name=value`. */
export function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const equals = wanted.indexOf('=')
  return equals === -1 ? wanted in labels : labels[wanted.slice(0, equals)] === wanted.slice(equals + 1)
}

/**
 * What a prune's `until`, `label` and `label!` filters leave of a thing: whether it goes. Times: ms; `until` is a time in
 * seconds or a Go duration before now. `known`: the filters that are allowed beside those of labels. Throws EngineError.
 */
export function pruneFilter(
  filters: Record<string, string[]>,
  now: number,
  known: readonly string[] = ['until'],
): (thing: { createdAt: number; labels: Record<string, string> | null | undefined }) => boolean {
  for (const name of Object.keys(filters))
    if (!['label', 'label!', ...known].includes(name)) throw badRequest(`invalid filter '${name}'`)
  const until = filters.until?.[0] === undefined ? undefined : untilTime(filters.until[0], now)
  return ({ createdAt, labels }) =>
    (until === undefined || createdAt <= until) &&
    (filters.label ?? []).every((label) => hasLabel(labels ?? {}, label)) &&
    !(filters['label!'] ?? []).some((label) => hasLabel(labels ?? {}, label))
}

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `10m`, `1h30m`, `1700000000`, `2026-01-02T15:04:05` → ms. Throws EngineError. */
export function untilTime(text: string, now: number): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000
  if (/^(?:\d+(?:\.\d+)?(?:ms|[smh]))+$/.test(text)) {
    let ms = 0
    for (const [, number, unit] of text.matchAll(/([\d.]+)(ms|[smh])/g)) ms += Number(number) * UNITS[unit!]!
    return now - ms
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw badRequest(`failed to parse value as time or duration: "${text}"`)
  return time
}
