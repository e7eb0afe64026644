import { defineCollection } from 'astro:content'
import { file, glob } from 'astro/loaders'
import { z } from 'astro/zod'
import { parse } from 'yaml'
import { labSchema } from '#labs/schema.ts'

/** What stands at the head of a lesson, `content/lessons/<track>/<lesson>.mdx`. */
const lesson = z.object({
  title: z.string().describe('The name of the lesson.'),
  description: z.string().describe('One sentence: what the reader will know.'),
  order: z.number().default(0).describe('The place within the track.'),
  minutes: z.number().optional().describe('Reading time.'),
  objectives: z.array(z.string()).default([]).describe('What the reader can do afterwards.'),
  labs: z.array(z.string()).default([]).describe('Ids of the labs that practise it.'),
  sources: z
    .array(z.object({ title: z.string(), url: z.url(), read: z.coerce.date().optional() }))
    .default([])
    .describe('Official sources and the day they were read.'),
})

/** A term of `content/glossary.yaml`. */
const term = z.object({
  term: z.string().describe('The word as lessons write it.'),
  short: z.string().describe('What it is, in one sentence.'),
  see: z.string().optional().describe('The lesson that explains it: `eks/what-eks-manages`.'),
})

export const collections = {
  lessons: defineCollection({
    loader: glob({ base: './content/lessons', pattern: '**/*.mdx' }),
    schema: lesson,
  }),
  glossary: defineCollection({
    loader: file('./content/glossary.yaml', {
      parser: (text) =>
        (parse(text) as { term: string }[]).map((entry) => ({
          id: entry.term.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
          ...entry,
        })),
    }),
    schema: term,
  }),
  labs: defineCollection({
    loader: glob({
      base: './labs',
      pattern: '*/lab.yaml',
      generateId: ({ entry }) => entry.split('/')[0] ?? entry,
    }),
    schema: labSchema,
  }),
  /** The text of the labs' steps, by `<lab>/<step>`. */
  steps: defineCollection({
    loader: glob({
      base: './labs',
      pattern: '*/steps/*.mdx',
      generateId: ({ entry }) => entry.replace('/steps/', '/').replace(/\.mdx$/, ''),
    }),
  }),
}
