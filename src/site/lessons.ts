import type { CollectionEntry } from 'astro:content'
import { tracks } from './tracks.ts'

type Lesson = CollectionEntry<'lessons'>

/** The track of a lesson is the first folder of its path. */
export function trackOf(lesson: Lesson): string {
  return lesson.id.split('/')[0] ?? ''
}

/** Lessons in reading order, grouped by track; tracks the course does not name come last, under their folder's name. */
export function byTrack(lessons: Lesson[]): { id: string; title: string; lessons: Lesson[] }[] {
  const groups = Map.groupBy(
    lessons.toSorted((a, b) => a.data.order - b.data.order || a.id.localeCompare(b.id)),
    trackOf,
  )
  const known = tracks
    .filter(({ id }) => groups.has(id))
    .map(({ id, title }) => ({ id: id as string, title: title as string }))
  const others = [...groups.keys()]
    .filter((id) => !known.some((track) => track.id === id))
    .map((id) => ({ id, title: id }))
  return [...known, ...others].map((track) => ({ ...track, lessons: groups.get(track.id) ?? [] }))
}
