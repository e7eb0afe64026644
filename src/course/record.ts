import { z } from 'zod'
import type { Question } from '#labs/lesson-schema.ts'

const time = z.int().nonnegative()

/** What a learner said to a question of a lesson, and whether it has ever been right. */
export const answerSchema = z.strictObject({
  choice: z
    .string()
    .max(2000)
    .describe('The number of the answer, or a command; empty when it was taken back.'),
  at: time.describe('When it was given, ms since the epoch.'),
  rightAt: time.optional().describe('When the question was first answered rightly.'),
})

/** What is kept of a learner and a lesson. */
export const lessonRecordSchema = z.strictObject({
  opened: time.describe('When it was first opened, ms since the epoch.'),
  visited: time.describe('When it was last opened.'),
  answers: z
    .record(z.string().regex(/^c?\d{1,2}$/), answerSchema)
    .describe('By the number of the question, from 0; `c0` is the first that is answered by a command.'),
})

export type Answer = z.infer<typeof answerSchema>
export type LessonRecord = z.infer<typeof lessonRecordSchema>

/** Two records of one lesson as one: the earliest opening, the latest visit and answers, and every question that was once right. */
export function mergeRecords(a: LessonRecord, b: LessonRecord): LessonRecord {
  const numbers = new Set([...Object.keys(a.answers), ...Object.keys(b.answers)])
  return {
    opened: Math.min(a.opened, b.opened),
    visited: Math.max(a.visited, b.visited),
    answers: Object.fromEntries(
      [...numbers].map((number) => [number, mergeAnswers(a.answers[number], b.answers[number])]),
    ),
  }
}

function mergeAnswers(a: Answer | undefined, b: Answer | undefined): Answer {
  if (!a || !b) return (a ?? b)!
  const { choice, at } = a.at > b.at ? a : b
  const rights = [a.rightAt, b.rightAt].filter((right) => right !== undefined)
  return { choice, at, ...(rights.length > 0 && { rightAt: Math.min(...rights) }) }
}

/** A record whose answers are marked by the lesson's questions; what it said itself of being right does not count. */
export function mark(record: LessonRecord, questions: readonly Question[]): LessonRecord {
  return {
    ...record,
    answers: Object.fromEntries(
      Object.entries(record.answers).map(([number, { choice, at }]) => {
        const right = questions[Number(number)]?.answers[Number(choice || -1)]?.right
        return [number, { choice, at, ...(right && { rightAt: at }) }]
      }),
    ),
  }
}

/** A lesson is done when each of its questions has been answered rightly. */
export function isDone({ answers }: LessonRecord, questions: readonly Question[]): boolean {
  return questions.every((_, number) => answers[number]?.rightAt !== undefined)
}
