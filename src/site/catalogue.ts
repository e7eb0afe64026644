import { getCollection } from 'astro:content'
import type { LabFile } from '#labs/schema.ts'
import { inOrder } from './company.ts'
import { lessonsByTrack, trackOf } from './lessons.ts'
import { byTrack, type Level, levelOf } from './tracks.ts'

/** A lesson or lab, as the catalogue shows it. */
export interface CatalogueItem {
  kind: 'lesson' | 'lab'
  id: string
  path: string
  title: string
  text: string
  track: string
  level: Level
  minutes: number
  /** Of a lab: how many. */
  steps?: number
  language?: string
}

/** All lessons and labs by track: what is read first stands first. */
export async function catalogue(
  kind?: CatalogueItem['kind'],
): Promise<{ id: string; title: string; items: CatalogueItem[] }[]> {
  const lessons = (await lessonsByTrack()).flatMap((group) => group.lessons)
  const labs: { id: string; data: LabFile }[] = inOrder(await getCollection('labs'))
  const items: CatalogueItem[] = [
    ...lessons.map(({ id, data, language }) => ({
      kind: 'lesson' as const,
      id,
      path: `/lessons/${id}/`,
      title: data.title,
      text: data.description,
      track: trackOf({ id }),
      level: levelOf(trackOf({ id }), data.level),
      minutes: data.minutes,
      language,
    })),
    ...labs.map(({ id, data }) => ({
      kind: 'lab' as const,
      id,
      path: `/labs/${id}/`,
      title: data.title,
      text: data.summary,
      track: data.track,
      level: levelOf(data.track, data.level),
      minutes: data.minutes,
      steps: data.steps.length,
      language: 'en',
    })),
  ]
  return byTrack(
    items.filter((item) => kind === undefined || item.kind === kind),
    ({ track }) => track,
  )
}

/** The lab after a lab, as the catalogue shows them. */
export async function labAfter(lab: string): Promise<CatalogueItem | undefined> {
  const labs = (await catalogue('lab')).flatMap(({ items }) => items)
  return labs[labs.findIndex(({ id }) => id === lab) + 1]
}
