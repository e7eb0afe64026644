import { z } from 'zod'
import type { Seal } from './certificate.ts'
import { lessonRecordSchema } from './record.ts'

const id = z.string().regex(/^[a-z0-9-]{1,64}$/)
const lessonId = z.string().regex(/^[a-z0-9-]{1,64}\/[a-z0-9-]{1,64}$/)

/** A learner's progress to take elsewhere, `drydock-progress.json`. */
export const progressFileSchema = z.strictObject({
  format: z.literal('drydock-progress'),
  version: z.literal(1),
  exportedAt: z.int().nonnegative(),
  learner: z.string().max(100).describe('The name of whoever did it.'),
  lessons: z.record(lessonId, lessonRecordSchema),
  labs: z
    .record(id, z.record(id, z.int().nonnegative()))
    .describe('By lab and step, when the step was first passed, ms since the epoch.'),
  signature: z
    .string()
    .max(200)
    .describe(
      'The exporting server’s, over the learner and `labs`: there the steps count as its own checks. Empty for none.',
    ),
})

export type ProgressFile = z.infer<typeof progressFileSchema>
/** When steps were first passed, by lab and step; ms since the epoch. */
export type Passes = ProgressFile['labs']

/** A file of what a learner has done. */
export function writeProgressFile(
  seal: Seal,
  learnerId: string,
  { learner, lessons, labs, at }: Pick<ProgressFile, 'learner' | 'lessons' | 'labs'> & { at: number },
): ProgressFile {
  return {
    format: 'drydock-progress',
    version: 1,
    exportedAt: at,
    learner,
    lessons,
    labs,
    signature: seal.sign(signedText(learnerId, labs)),
  }
}

/** Whether this installation wrote the steps of a file, for this learner. */
export function isProven(seal: Seal, learnerId: string, { labs, signature }: ProgressFile): boolean {
  return seal.verifies(signedText(learnerId, labs), signature)
}

/** The passes in one order, whatever the order in the file. */
function signedText(learnerId: string, labs: Passes): string {
  const sorted = <Value>(record: Record<string, Value>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([learnerId, sorted(labs).map(([lab, steps]) => [lab, sorted(steps)])])
}
