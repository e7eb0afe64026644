import { defineCollection } from 'astro:content'
import { readFile } from 'node:fs/promises'
import { file, glob } from 'astro/loaders'
import { z } from 'astro/zod'
import { parse } from 'yaml'
import { lessonSchema, outputsSchema, translationSchema } from '#labs/lesson-schema.ts'
import { pathSchema } from '#labs/path-schema.ts'
import { labSchema } from '#labs/schema.ts'
import { glossaryId } from './course/glossary.ts'
import { guideSchema, pictureSchema, priceSchema } from './course/schemas.ts'
import { t } from './i18n/index.ts'

const terms = (text: string) =>
  (parse(text) as { term: string }[]).map((entry) => ({ id: glossaryId(entry.term), ...entry }))

/** Where labs and texts are: this checkout, or it with a company's overlay. */
const root = process.env.DRYDOCK_CONTENT ?? '.'

/** A term of `content/glossary.yaml`. */
const term = z.object({
  term: z.string().describe('The word as lessons write it.'),
  short: z.string().describe('What it is, in one sentence.'),
  see: z.string().optional().describe('The lesson that explains it: `eks/what-eks-manages`.'),
})

export const collections = {
  lessons: defineCollection({
    loader: glob({ base: `${root}/content/lessons`, pattern: '**/*.mdx' }),
    schema: lessonSchema,
  }),
  /** What the commands of a lesson printed, by the lesson's id. */
  outputs: defineCollection({
    loader: glob({
      base: `${root}/content/lessons`,
      pattern: '**/*.outputs.yaml',
      generateId: ({ entry }) => entry.replace(/\.outputs\.yaml$/, ''),
    }),
    schema: outputsSchema,
  }),
  glossary: defineCollection({
    loader: file(`${root}/content/glossary.yaml`, { parser: terms }),
    schema: term,
  }),
  /**
   * Lessons in other languages, by `<language>/<lesson>`; those that are missing are shown in English. All languages in every build: builds
   * that run side by side share Astro's list of files.
   */
  translations: defineCollection({
    loader: glob({
      base: `${root}/content`,
      pattern: '*/lessons/**/*.mdx',
      generateId: ({ entry }) => entry.replace('/lessons/', '/').replace(/\.mdx$/, ''),
    }),
    schema: translationSchema,
  }),
  /** What terms mean in the language of this build. */
  meanings: defineCollection({
    loader: {
      name: 'meanings',
      async load({ store, parseData }) {
        const text = await readFile(`${root}/content/${t.locale.id}/glossary.yaml`, 'utf8').catch(() => '[]')
        store.clear()
        for (const { id, ...data } of terms(text)) store.set({ id, data: await parseData({ id, data }) })
      },
    },
    schema: term,
  }),
  pictures: defineCollection({
    loader: glob({ base: `${root}/content/pictures`, pattern: '*.yaml' }),
    schema: pictureSchema,
  }),
  guides: defineCollection({
    loader: glob({ base: `${root}/content/guides`, pattern: '*.yaml' }),
    schema: guideSchema,
  }),
  paths: defineCollection({
    loader: glob({ base: `${root}/content/paths`, pattern: '*.yaml' }),
    schema: pathSchema,
  }),
  prices: defineCollection({
    loader: file(`${root}/content/prices.yaml`),
    schema: priceSchema,
  }),
  /** A company's text in place of the start page. */
  welcome: defineCollection({ loader: glob({ base: root, pattern: 'welcome.mdx' }) }),
  labs: defineCollection({
    loader: glob({
      base: `${root}/labs`,
      pattern: '*/lab.yaml',
      generateId: ({ entry }) => entry.split('/')[0] ?? entry,
    }),
    schema: labSchema,
  }),
  /** The text of the labs' steps, by `<lab>/<step>`. */
  steps: defineCollection({
    loader: glob({
      base: `${root}/labs`,
      pattern: '*/steps/*.mdx',
      generateId: ({ entry }) => entry.replace('/steps/', '/').replace(/\.mdx$/, ''),
    }),
  }),
}
