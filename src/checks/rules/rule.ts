import { z } from 'zod'

/** Kinds of resources that a rule may be about, by the names that IAM gives them. */
export const RULED = ['ecr:repository', 'eks:cluster', 'eks:nodegroup', 'ecs:cluster'] as const

const pattern = z.string().refine((text) => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}, 'is no regular expression')

/** A company's own rule for what learners make: checked after a step's own check has passed. */
export const ruleSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/)
      .describe('Names the finding: `repository-names`.'),
    title: z.string().min(1).max(80).describe('The good state: “Repositories are named after their team”.'),
    resource: z.enum(RULED).describe('What it is about.'),
    name: pattern.optional().describe('A regular expression that the whole name matches: `acme/[a-z-]+`.'),
    tags: z
      .record(z.string().min(1), pattern)
      .optional()
      .describe('Tags that each has, and what the whole value matches: `{ team: "[a-z]+" }`.'),
    hint: z.string().optional().describe('What to do about it.'),
    lesson: z.string().optional().describe('The lesson that explains it.'),
    labs: z
      .array(z.string())
      .optional()
      .describe(
        'Ids of the labs where it holds. The overlay’s own when left out: those that come with Drydock name things their own way.',
      ),
  })
  .refine(({ name, tags }) => name !== undefined || tags !== undefined, 'say a name or tags')

export type Rule = z.infer<typeof ruleSchema>
