import { z } from 'zod'
import { ruleSchema } from '#checks/rules/rule.ts'

/** A place inside of the overlay's folder. */
const inside = z
  .string()
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[\w./-]+$/, 'use a path inside of the overlay’s folder')
const id = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case words joined by hyphens')

/** `drydock.config.ts` of an overlay. The descriptions are its documentation. */
export const overlaySchema = z.strictObject({
  name: z.string().trim().min(1).max(40).describe('The company, as the pages name it.'),
  logo: inside
    .regex(/\.(?:svg|png|webp)$/)
    .optional()
    .describe('A picture that stands before the name: `logo.svg`.'),
  welcome: inside
    .regex(/\.mdx$/)
    .optional()
    .describe('A text in place of the start page: `welcome.mdx`.'),
  tracks: z
    .array(z.strictObject({ id, title: z.string().trim().min(1).max(60) }))
    .default([])
    .describe('Tracks of the overlay’s own labs; they stand before the others.'),
  hide: z
    .strictObject({
      labs: z.array(id).default([]).describe('Ids of labs.'),
      lessons: z.array(z.string()).default([]).describe('Lessons or whole tracks: `eks/nodes`, `exam`.'),
      paths: z.array(id).default([]).describe('Names of learning paths.'),
    })
    .prefault({})
    .describe('What of Drydock’s own is not shown. What has the same id in the overlay takes its place.'),
  order: z.array(id).default([]).describe('Labs that come first in their track, in this order.'),
  account: z
    .strictObject({
      alias: z
        .string()
        .regex(/^[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]$/)
        .optional()
        .describe('Every learner’s account has it: `aws iam list-account-aliases`.'),
      region: z
        .string()
        .regex(/^[a-z]{2}(-[a-z]+)+-\d$/)
        .optional()
        .describe('Where the overlay’s own labs that begin in an empty account are: `eu-central-1`.'),
    })
    .prefault({})
    .describe('The accounts that learners get.'),
  parameters: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/), z.string())
    .default({})
    .describe('Words for the overlay’s texts, scripts and checkers: `{{registry}}` there becomes the value.'),
  rules: z.array(ruleSchema).default([]).describe('The company’s own rules for names and tags.'),
})

export type OverlayConfig = z.infer<typeof overlaySchema>

/** The default export of `drydock.config.ts`. */
export function defineOverlay(config: z.input<typeof overlaySchema>): z.input<typeof overlaySchema> {
  return config
}
