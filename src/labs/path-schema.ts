import { z } from 'zod'

const notes = z.string().optional().describe('For the trainer: what to say, to watch for, to ask.')

/** A learning path, `content/paths/<name>.yaml`. */
export const pathSchema = z.strictObject({
  title: z.string(),
  summary: z.string().describe('For whom it is, and where it leads.'),
  order: z.number().describe('The place among the paths.'),
  audience: z.string().describe('In a word or two.'),
  parts: z
    .array(
      z.strictObject({
        title: z.string(),
        minutes: z.number().int().positive().describe('For all of it, with talk and breaks.'),
        notes,
        items: z.array(
          z.union([
            z.strictObject({ lesson: z.string(), notes }),
            z.strictObject({ lab: z.string(), notes }),
            z.strictObject({ task: z.string().describe('Something to do away from the platform.'), notes }),
          ]),
        ),
      }),
    )
    .min(1),
})

export type LearningPathFile = z.infer<typeof pathSchema>
