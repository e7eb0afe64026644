import { t } from './i18n/index.ts'

export type TrackId = keyof typeof t.tracks

/** The course's tracks in order, as the start page shows them. A track is ready when it has a lab. */
export const tracks = (Object.keys(t.tracks) as TrackId[]).map((id) => ({ id, ...t.tracks[id] }))
