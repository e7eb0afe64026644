import { z } from 'zod'
import { levelSchema } from './lesson-schema.ts'

const id = z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'use lower-case words joined by hyphens')
const sentence = z.string().trim().min(1)

/** What makes a step's check worth running again. */
export const watchSchema = z
  .strictObject({
    aws: z
      .array(id)
      .optional()
      .describe('AWS services whose resources the check reads, by their AWS CLI names: `eks`, `iam`.'),
    repositories: z
      .array(z.string().min(1))
      .optional()
      .describe('Image repositories whose images it reads, in any registry: `site`.'),
    kubernetes: z
      .array(id)
      .optional()
      .describe('Kubernetes resources that it reads, by plural name and in any cluster: `pods`, `services`.'),
    docker: z
      .array(id)
      .optional()
      .describe('Things of the learner’s Docker Engine that it reads: `containers`, `images`.'),
    files: z
      .array(z.string().regex(/^(?!\/)(?!.*\.\.)/, 'use a path inside the home folder'))
      .optional()
      .describe('Files of the learner that it reads, relative to the home folder: `answers.yaml`.'),
  })
  .refine(
    (watch) => Object.values(watch).some((names) => names.length > 0),
    'name at least one thing to watch',
  )

export const stepSchema = z.strictObject({
  id: id.describe('Names the step’s files and its check. Never changes once learners have worked on it.'),
  title: sentence.max(60).describe('What the learner does, as an order: “Push the image”.'),
  minutes: z.int().positive().max(60).describe('How long the step takes a newcomer.'),
  challenge: z
    .boolean()
    .optional()
    .describe(
      'The text sets a task and keeps its commands to itself: they stand in `solutions/`. Default false.',
    ),
  hints: z
    .array(sentence)
    .min(1)
    .describe(
      'Graded help, opened one by one: first where to look, last nearly the answer. Markdown in one line.',
    ),
  watch: watchSchema.describe('The check runs by itself when one of these changes.'),
})

/** One side of a comparison. */
export const sideSchema = z
  .strictObject({
    title: sentence.max(30).describe('As the table calls it: `ECS`.'),
    steps: z.array(id).min(1).optional().describe('The steps in which its work is done.'),
    services: z
      .array(id)
      .min(1)
      .optional()
      .describe('Whose API its work goes to, where steps do both sides: `ecs`, `kubernetes`, `docker`.'),
  })
  .refine(({ steps, services }) => steps || services, 'name its steps, its services, or both')

export type ComparedSide = z.infer<typeof sideSchema>

export const labSchema = z
  .strictObject({
    id: id.describe('The same as the folder’s name and the checker’s: `checkers/<id>.ts`.'),
    title: sentence.max(60).describe('As the catalogue shows it.'),
    summary: sentence.max(300).describe('One or two sentences: what the learner has at the end.'),
    track: id.describe('The track of `content/lessons/<track>/` that it belongs to.'),
    level: levelSchema.optional(),
    minutes: z.int().positive().describe('How long the lab takes a newcomer, all steps together.'),
    objectives: z
      .array(sentence)
      .min(1)
      .describe('What the learner can do afterwards; each begins with a verb.'),
    lessons: z
      .array(z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'use <track>/<lesson>'))
      .default([])
      .describe('Lessons worth reading before: `eks/what-eks-manages`.'),
    start: id
      .optional()
      .describe('What it begins in: `starts/<start>.sh`, for example `eks`. An empty account when left out.'),
    accounts: z
      .array(id)
      .max(5)
      .optional()
      .describe(
        'Further AWS accounts, each with a profile of its name in `~/.aws`: `partner` for `aws --profile partner …`. For work across accounts: roles, repositories, keys, secrets; clusters, tasks and load balancers run in the first account.',
      ),
    names: z
      .record(id, z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)).min(2))
      .optional()
      .describe(
        'Names that are drawn for each learner: `team: [otter, heron]`. A text shows one with `<Name of="team" />`; scripts `source ~/names.env` for `$TEAM`; a check reads the same file (`checkers/lib/names.ts`).',
      ),
    scored: z
      .strictObject({
        about: z
          .array(sentence)
          .min(1)
          .describe('Names of what may be changed; `{team}` stands for a drawn name.'),
      })
      .optional()
      .describe(
        'Points for each step, fewer for time, hints and harm. `about` lists the names of things that the steps may change (`orders`, also for `orders-config`; `{team}` for a drawn name); whatever else changes, goes or breaks is harm.',
      ),
    compares: z
      .strictObject({ left: sideSchema, right: sideSchema })
      .optional()
      .describe(
        'The same task on two sides: the page shows how the learner’s own work on them differs. Each side has a `title` and the `steps` in which its work is done, or the `services` whose API it goes to.',
      ),
    steps: z
      .array(stepSchema)
      .min(1)
      .describe('In order. Each starts from the state that the one before leaves.'),
  })
  .refine((lab) => new Set(lab.steps.map((step) => step.id)).size === lab.steps.length, {
    message: 'two steps have the same id',
    path: ['steps'],
  })
  .refine(
    ({ compares, steps }) =>
      [...(compares?.left.steps ?? []), ...(compares?.right.steps ?? [])].every((name) =>
        steps.some((step) => step.id === name),
      ),
    { message: 'a side names a step that the lab does not have', path: ['compares'] },
  )

/** The header comments of a solution or mistake: `# finding: no-image`. */
export const mistakeSchema = z.strictObject({
  finding: id.describe('The one finding that the check must fail with after this script.'),
  from: z
    .enum(['before', 'after'])
    .default('before')
    .describe('The state it starts from: before the step, or after the step’s solution.'),
})

export type LabFile = z.infer<typeof labSchema>
export type LabStepFile = z.infer<typeof stepSchema>
