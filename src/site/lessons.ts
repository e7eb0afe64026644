import type { CollectionEntry } from 'astro:content'
import { byTrack } from './tracks.ts'

type Lesson = CollectionEntry<'lessons'>

/** The track of a lesson is the first folder of its path. */
export function trackOf(lesson: Lesson): string {
  return lesson.id.split('/')[0] ?? ''
}

/** Lessons in reading order, grouped by track. */
export function lessonsByTrack(lessons: Lesson[]): { id: string; title: string; lessons: Lesson[] }[] {
  const ordered = lessons.toSorted((a, b) => a.data.order - b.data.order || a.id.localeCompare(b.id))
  return byTrack(ordered, trackOf).map(({ items, ...track }) => ({ ...track, lessons: items }))
}
