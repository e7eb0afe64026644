import { getCollection, getEntry, render } from 'astro:content'
import type { APIRoute } from 'astro'
import type { LearningPathFile } from '#labs/path-schema.ts'
import type { LabFile } from '#labs/schema.ts'
import { href } from '../href.ts'
import { type Lesson, lessonsByTrack } from '../lessons.ts'
import type { SearchEntry } from '../search/entry.ts'
import { sections } from '../search/sections.ts'
import { allTerms } from '../terms.ts'

/** What can be found: each section of a lesson and each step of a lab on its own, terms, and learning paths. */
export const GET: APIRoute = async () => Response.json(await entries())

interface LabEntry {
  id: string
  data: LabFile
}

async function entries(): Promise<SearchEntry[]> {
  const lessons = (await lessonsByTrack()).flatMap((track) => track.lessons)
  const labs: LabEntry[] = await getCollection('labs')
  const paths: { id: string; data: LearningPathFile }[] = await getCollection('paths')
  const found = await Promise.all([
    ...lessons.map(ofLesson),
    ...labs.map(ofLab),
    ...(await allTerms()).map(({ id, term, short, language }) => [
      {
        kind: 'term' as const,
        href: href(`/glossary/#${id}`),
        title: term,
        heading: '',
        text: short,
        language,
      },
    ]),
    ...paths.map(({ id, data }) => [
      {
        kind: 'path' as const,
        href: href(`/paths/${id}/`),
        title: data.title,
        heading: '',
        text: data.summary,
        language: 'en',
      },
    ]),
  ])
  return found.flat()
}

async function ofLesson({ id, data, entry, language }: Lesson): Promise<SearchEntry[]> {
  const { headings } = await render(entry)
  return sections(entry.body ?? '', headings).map(({ heading, slug, text }) => ({
    kind: 'lesson',
    href: href(`/lessons/${id}/`) + (slug && `#${slug}`),
    title: data.title,
    heading,
    language,
    text: slug ? text : [data.description, ...data.objectives, text].join(' '),
  }))
}

async function ofLab({ id, data }: LabEntry): Promise<SearchEntry[]> {
  const place = { kind: 'lab' as const, href: href(`/labs/${id}/`), title: data.title, language: 'en' }
  const steps = data.steps.map(async (step) => {
    const entry = await getEntry('steps', `${id}/${step.id}`)
    const text = sections(entry?.body ?? '', []).map(({ text }) => text)
    return { ...place, heading: step.title, text: text.join(' ') }
  })
  return [{ ...place, heading: '', text: data.summary }, ...(await Promise.all(steps))]
}
