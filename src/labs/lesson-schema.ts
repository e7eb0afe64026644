import { z } from 'zod'

/** How much a lesson or a lab takes for granted. */
export const levelSchema = z
  .enum(['beginner', 'intermediate', 'advanced'])
  .describe('How much it takes for granted. Left out: as the others of its track.')

const answerSchema = z.strictObject({
  text: z.string().describe('The answer, Markdown in one line.'),
  right: z.literal(true).optional().describe('Whether it is right.'),
  why: z.string().describe('Why it is right or wrong; shown once it is chosen.'),
})

/** A question at the end of a lesson, with an explanation for every answer. */
export const questionSchema = z.strictObject({
  ask: z.string().describe('The question, Markdown in one line.'),
  answers: z
    .array(answerSchema)
    .min(3)
    .max(5)
    .refine(
      (answers) => answers.filter(({ right }) => right).length === 1,
      'mark exactly one answer as right',
    ),
})

/** A pattern for what a command prints; each line of it may begin with `^` and end with `$`. */
const pattern = z.string().refine((text) => {
  try {
    new RegExp(text, 'm')
    return true
  } catch {
    return false
  }
}, 'is no regular expression')

/** A question whose answer is a command: it is run in a scratch copy of the world that the lesson begins in. */
export const commandQuestionSchema = z.strictObject({
  ask: z.string().describe('What the command shall do, Markdown in one line.'),
  shows: pattern.optional().describe('A regular expression that what it prints must match.'),
  hides: pattern.optional().describe('One that what it prints must not match.'),
  check: z
    .string()
    .optional()
    .describe(
      'A script that runs after it in the same home, and ends with 0 when the command did what was asked.',
    ),
  why: z.string().describe('Why this is the way; shown once the answer is right. Markdown in one line.'),
  accepts: z.array(z.string()).min(1).describe('Commands that are right. CI runs each.'),
  rejects: z
    .array(z.string())
    .min(1)
    .describe('Commands that are not right, as people give them. CI runs each.'),
})

/** What stands at the head of a lesson, `content/lessons/<track>/<lesson>.mdx`. */
export const lessonSchema = z.strictObject({
  title: z.string().describe('The name of the lesson.'),
  description: z.string().describe('One sentence: what the reader will know.'),
  order: z.number().describe('The place within the track.'),
  level: levelSchema.optional(),
  minutes: z.number().min(5).max(12).describe('How long reading, predicting and doing takes.'),
  objectives: z
    .array(z.string())
    .min(2)
    .describe('What the reader can do afterwards; each begins with a verb.'),
  start: z
    .string()
    .optional()
    .describe('What its commands begin in: `starts/<start>.sh`. An empty account when left out.'),
  quiz: z.array(questionSchema).min(2).describe('Questions at the end, in order.'),
  commands: z
    .array(commandQuestionSchema)
    .default([])
    .describe('Questions that are answered by a command, after the quiz.'),
  labs: z.array(z.string()).default([]).describe('Ids of the labs that practise it.'),
  sources: z
    .array(z.strictObject({ title: z.string(), url: z.url(), read: z.coerce.date().optional() }))
    .min(1)
    .describe(
      'Official sources, and the day on which each was read; without a day the lesson is from knowledge there.',
    ),
})

/**
 * The head of a lesson in another language, `content/<language>/lessons/<track>/<lesson>.mdx`: the rest stands in the original, whose
 * blocks and questions it repeats in their order.
 */
export const translationSchema = lessonSchema.pick({
  title: true,
  description: true,
  objectives: true,
  quiz: true,
})

/** What the blocks of a lesson printed, `<lesson>.outputs.yaml` beside it; written by `drydock lessons test --update`. */
export const outputsSchema = z.strictObject({
  blocks: z.array(z.strictObject({ commands: z.string(), id: z.string().optional(), output: z.string() })),
})

export type Question = z.infer<typeof questionSchema>
export type CommandQuestion = z.infer<typeof commandQuestionSchema>
export type LessonHead = z.infer<typeof lessonSchema>
export type RecordedOutput = z.infer<typeof outputsSchema>['blocks'][number]
