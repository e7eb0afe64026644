import { z } from 'astro/zod'
import { usdOf } from '#aws/pricing/data/prices.ts'

const point = z.number().int().min(0)

/** A picture of an architecture, `content/pictures/<name>.yaml`: boxes that explain themselves, and a way through them. */
export const pictureSchema = z.strictObject({
  title: z.string().describe('What the picture shows.'),
  text: z.string().describe('The same in words, for those who do not see it.'),
  width: z.number().int().positive().default(720),
  height: z.number().int().positive(),
  frames: z
    .array(z.strictObject({ label: z.string(), x: point, y: point, width: point, height: point }))
    .default([])
    .describe('Areas behind the parts, such as a VPC.'),
  parts: z
    .array(
      z.strictObject({
        id: z.string(),
        label: z.string(),
        sub: z.string().optional().describe('A second, smaller line.'),
        who: z.enum(['aws', 'you']).optional().describe('Who runs it: gives its colour.'),
        x: point,
        y: point,
        width: point.default(140),
        height: point.default(56),
        explain: z.string().describe('What it is and does.'),
      }),
    )
    .min(2),
  arrows: z.array(z.strictObject({ from: z.string(), to: z.string() })).default([]),
  steps: z
    .array(z.strictObject({ at: z.string(), text: z.string() }))
    .default([])
    .describe('A way through the parts, one after another.'),
})

/** A decision guide, `content/guides/<name>.yaml`: questions that lead to an advice. */
export const guideSchema = z
  .strictObject({
    title: z.string(),
    start: z.string(),
    questions: z.record(
      z.string(),
      z.strictObject({
        ask: z.string(),
        answers: z.array(z.strictObject({ text: z.string(), to: z.string() })).min(2),
      }),
    ),
    advice: z.record(z.string(), z.strictObject({ title: z.string(), text: z.string() })),
  })
  .refine(({ start, questions, advice }) => {
    const places = [start, ...Object.values(questions).flatMap(({ answers }) => answers.map(({ to }) => to))]
    return places.every((place) => place in questions || place in advice)
  }, 'an answer leads nowhere')

/** What things cost on AWS, `content/prices.yaml`; what worlds bill has its price from the meter's list. */
export const priceSchema = z
  .strictObject({
    id: z.string(),
    what: z.string().describe('As a bill would say it.'),
    unit: z.enum(['hour', 'month', 'GB', 'GB-month', 'million']),
    of: z
      .record(z.string(), z.number())
      .optional()
      .describe(
        'What it is made of: names of src/aws/pricing/data/prices.ts or instance types, with how many.',
      ),
    usd: z.number().nonnegative().optional().describe('Of what no world bills.'),
    source: z.url(),
    read: z.coerce
      .date()
      .optional()
      .describe('The day the source was read; without it the price is from knowledge.'),
  })
  .transform(({ of, usd, ...rest }, context) => {
    const parts = Object.entries(of ?? {}).map(([name, count]) => count * (usdOf(name) ?? Number.NaN))
    const sum = of ? Number(parts.reduce((all, part) => all + part, 0).toFixed(6)) : usd
    if (sum !== undefined && !Number.isNaN(sum) && (of === undefined) !== (usd === undefined))
      return { ...rest, usd: sum }
    context.addIssue(`${rest.id}: give either \`of\`, with names of the price list, or \`usd\``)
    return z.NEVER
  })

export type Picture = z.infer<typeof pictureSchema>
export type Guide = z.infer<typeof guideSchema>
