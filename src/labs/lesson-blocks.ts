import { z } from 'zod'
import { fences, outputKey } from './fences.ts'
import { LabError } from './load.ts'

/** What may stand behind ` ```sh ` in a lesson. */
export const commandAttributesSchema = z.strictObject({
  exit: z.coerce
    .number()
    .int()
    .min(0)
    .max(255)
    .default(0)
    .describe('The exit code that is right. Default 0.'),
  shows: z.string().optional().describe('A text that must stand in what is printed.'),
  until: z
    .string()
    .optional()
    .describe(
      'A regular expression: the block, which must only look, is repeated until its output matches (for up to two minutes).',
    ),
  quiet: z.literal(true).optional().describe('What is printed is neither shown nor compared.'),
  head: z.coerce.number().int().positive().optional().describe('Only so many lines are shown and compared.'),
  id: z
    .string()
    .optional()
    .describe('Tells apart blocks of the same commands in one lesson, for example before and after.'),
  norun: z
    .string()
    .min(10)
    .optional()
    .describe('Not executed, and why. For what only a person or a real account can do.'),
})

/** What may stand behind any other language. */
export const fileAttributesSchema = z.looseObject({
  file: z
    .string()
    .regex(/^(?!\/)(?!.*\.\.)[\w./-]+$/, 'use a path inside the home folder')
    .optional()
    .describe('The block is written to this file of the home folder, where the commands after it find it.'),
})

/** A block of a lesson that does something. */
export type LessonBlock = { line: number } & (
  | ({ kind: 'command'; commands: string } & Omit<z.infer<typeof commandAttributesSchema>, 'norun'>)
  | { kind: 'file'; file: string; text: string }
)

/**
 * What a reader who follows a lesson does, in order. Throws LabError, naming `name` and the line, for an annotation that is wrong, for a
 * block of commands that is not at the start of its lines (nobody would run it), and for two blocks whose outputs could not be told apart.
 */
export function lessonBlocks(mdx: string, name: string): LessonBlock[] {
  const problem = (line: number, text: string) => new LabError(`${name}:${line}: ${text}`)
  const hidden = mdx
    .split('\n')
    .findIndex((line) => /^\s+```(sh|bash|console|shell)\b|^```(bash|console|shell)\b/.test(line))
  if (hidden >= 0)
    throw problem(hidden + 1, 'commands stand in a block that begins with ```sh at the start of its line')
  const keys = new Set<string>()
  return fences(mdx).flatMap((fence): LessonBlock[] => {
    const schema = fence.language === 'sh' ? commandAttributesSchema : fileAttributesSchema
    const { data, error } = schema.safeParse(fence.attributes)
    if (error) {
      const { path, message } = error.issues[0]!
      throw problem(fence.line, `${path.join('.') || 'the annotation'}: ${message}`)
    }
    if (fence.language !== 'sh') {
      const { file } = data as z.infer<typeof fileAttributesSchema>
      return file ? [{ kind: 'file', file, text: fence.text, line: fence.line }] : []
    }
    const { norun, ...attributes } = data as z.infer<typeof commandAttributesSchema>
    if (norun) return []
    const block = {
      kind: 'command' as const,
      commands: fence.text.trimEnd(),
      line: fence.line,
      ...attributes,
    }
    if (!block.quiet) {
      const key = outputKey(block.commands, block.id)
      if (keys.has(key)) throw problem(fence.line, 'the same commands stand above: give each block an id')
      keys.add(key)
    }
    return [block]
  })
}
