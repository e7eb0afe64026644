import { company } from './company.ts'
import { t } from './i18n/index.ts'

export type Level = 'beginner' | 'intermediate' | 'advanced'
export type TrackId = keyof typeof t.tracks

/** The course's tracks in order, as the start page shows them. A track is ready when it has a lab. */
export const tracks = (Object.keys(t.tracks) as TrackId[]).map((id) => ({ id, ...t.tracks[id] }))

/** What a lesson or lab takes for granted, when it does not say so itself. */
const LEVELS: Record<string, Level> = { orchestration: 'beginner', 'on-call': 'advanced' }

/** The level of something in a track. */
export function levelOf(track: string, own: Level | undefined): Level {
  return own ?? LEVELS[track] ?? 'intermediate'
}

/** Things by track, in the tracks' order; tracks that the course does not name come last, under their id. */
export function byTrack<Item>(
  items: Item[],
  trackOf: (item: Item) => string,
): { id: string; title: string; items: Item[] }[] {
  const groups = Map.groupBy(items, trackOf)
  const all: { id: string; title: string }[] = [...(company?.tracks ?? []), ...tracks]
  const known = all.filter(({ id }) => groups.has(id))
  const others = [...groups.keys()]
    .filter((id) => !known.some((track) => track.id === id))
    .map((id) => ({ id, title: id }))
  return [...known, ...others].map(({ id, title }) => ({ id, title, items: groups.get(id) ?? [] }))
}
