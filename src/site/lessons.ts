import { type CollectionEntry, getCollection, getEntry } from 'astro:content'
import { t } from './i18n/index.ts'
import { byTrack } from './tracks.ts'

/** A lesson as the reader of this build gets it. */
export interface Lesson {
  /** `<track>/<lesson>` */
  id: string
  data: CollectionEntry<'lessons'>['data']
  /** What has its text. */
  entry: CollectionEntry<'lessons'> | CollectionEntry<'translations'>
  /** The language of the text: English, where it is not translated. */
  language: string
}

/** All lessons in reading order, grouped by track. */
export async function lessonsByTrack(): Promise<{ id: string; title: string; lessons: Lesson[] }[]> {
  const lessons = await Promise.all((await getCollection('lessons')).map(translate))
  const ordered = lessons.toSorted((a, b) => a.data.order - b.data.order || a.id.localeCompare(b.id))
  return byTrack<Lesson>(ordered, trackOf).map(({ items, ...track }) => ({ ...track, lessons: items }))
}

/** A lesson by its id. */
export async function findLesson(id: string): Promise<Lesson | undefined> {
  const lesson = await getEntry('lessons', id)
  return lesson && translate(lesson)
}

/** The track of a lesson is the first folder of its path. */
export function trackOf({ id }: Pick<Lesson, 'id'>): string {
  return id.split('/')[0] ?? ''
}

async function translate(lesson: CollectionEntry<'lessons'>): Promise<Lesson> {
  const translation = await getEntry('translations', `${t.locale.id}/${lesson.id}`)
  return translation
    ? {
        id: lesson.id,
        data: { ...lesson.data, ...translation.data },
        entry: translation,
        language: t.locale.id,
      }
    : { id: lesson.id, data: lesson.data, entry: lesson, language: 'en' }
}
