import type { Rule } from '#checks/rules/rule.ts'
import type { LabFile, LabStepFile } from './schema.ts'

/** A script that does a step: the solution, or another way that must pass too. */
export interface Solution {
  /** `create-cluster`, `create-cluster.eksctl`. */
  name: string
  file: string
}

/** A script that does a step wrongly. */
export interface Mistake {
  name: string
  file: string
  /** The finding that the check must fail with. */
  finding: string
  /** Whether it starts before the step or from its solution. */
  from: 'before' | 'after'
}

export interface LabStep extends LabStepFile {
  /** The instructions, MDX. */
  instructions: string
  /** The commands of the instructions as one script. */
  commands: string
  /** Undefined: the commands of the instructions are the solution. */
  solution: Solution | undefined
  alternatives: Solution[]
  mistakes: Mistake[]
}

/** A lab with the absolute paths of its parts. */
export interface Lab extends Omit<LabFile, 'steps'> {
  folder: string
  /** Copied into the learner's home at the start; undefined when the lab has none. */
  files: string | undefined
  /** A script that does something more to what the lab starts from, such as breaking it. */
  setup: string | undefined
  checker: string
  steps: LabStep[]
  /** Rules of a company that hold in it; see overlay/config.ts. */
  rules?: Rule[]
  /** What a company's accounts have. */
  account?: { alias?: string | undefined; region?: string | undefined }
}
