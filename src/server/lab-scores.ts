import type { LabProgress } from '#checks/progress.ts'
import type { CloudClient, WorldChange } from '#cloud/api.ts'
import type { Hints } from '#database/hints.ts'
import type { Marks } from '#database/marks.ts'
import type { Lab } from '#labs/lab.ts'
import { type LabResult, type StepScore, scoreLab, scoreStep } from '#labs/score.ts'

export interface LabScore {
  steps: Map<string, StepScore>
  result: LabResult
}

/** Scores labs that are scored: by time, hints, solutions, and what else a learner changed or broke. */
export class LabScores {
  readonly #hints: Hints
  readonly #marks: Marks

  constructor(hints: Hints, marks: Marks) {
    this.#hints = hints
    this.#marks = marks
  }

  /** The score so far; undefined for a lab that is not scored. `startedAt` in ms since the epoch. */
  async of(
    learner: string,
    lab: Lab,
    progress: LabProgress,
    startedAt: number,
  ): Promise<LabScore | undefined> {
    if (!lab.scored) return undefined
    const [hints, marks] = await Promise.all([
      this.#hints.read(learner, lab.id),
      this.#marks.read(learner, lab.id),
    ])
    const passes = lab.steps
      .flatMap((step) => {
        const passedAt = progress[step.id]?.passedAt
        return passedAt === undefined ? [] : [{ step, passedAt }]
      })
      .sort((one, other) => one.passedAt - other.passedAt)
    let last = startedAt
    const steps = new Map<string, StepScore>()
    for (const { step, passedAt } of passes) {
      const opened = hints.get(step.id) ?? 0
      const score = scoreStep({
        minutes: step.minutes,
        time: Math.max(0, passedAt - last),
        hints: Math.min(opened, step.hints.length),
        solution: opened > step.hints.length,
        collateral: marks.get(step.id) ?? [],
      })
      steps.set(step.id, score)
      last = Math.max(last, passedAt)
    }
    return { steps, result: scoreLab(lab.steps.length, [...steps.values()]) }
  }

  /** Notes for a step that was just passed what the learner has harmed since `save`, and no step before was marked with. */
  async mark(
    learner: string,
    lab: Lab,
    step: string,
    at: { cloud: CloudClient; world: string; save: string; names: Record<string, string> },
  ): Promise<void> {
    if (!lab.scored) return
    const about = lab.scored.about.map((name) =>
      name.replace(/\{([a-z0-9-]+)\}/g, (_, parameter) => at.names[parameter] ?? ''),
    )
    const known = new Set([...(await this.#marks.read(learner, lab.id)).values()].flat())
    const changes = (await at.cloud.changes(at.world, at.save)) ?? []
    const harmed = changes.filter(({ name }) => !isAbout(name, about)).map(wordsOf)
    const collateral = harmed.filter((words) => !known.has(words))
    if (collateral.length > 0) await this.#marks.put(learner, lab.id, step, collateral)
  }
}

/** `orders`, and what stands to it: `orders-config`. */
const isAbout = (name: string, about: string[]) =>
  about.some((one) => name === one || name.startsWith(`${one}-`))

const wordsOf = ({ what, kind, name, namespace }: WorldChange) =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}: ${what}`
