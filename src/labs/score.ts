/** What a step of a scored lab is worth at most. */
export const STEP_POINTS = 10
/** Which share of all points passes. */
export const PASS_SHARE = 2 / 3

/** How a step was done. */
export interface StepRecord {
  /** How long it takes a newcomer, as the lab says (min). */
  minutes: number
  /** From the pass before it, or the lab's start, to its own (ms). */
  time: number
  /** Hints that were opened. */
  hints: number
  /** Whether the solution was shown, or run by an instructor. */
  solution: boolean
  /** What else was changed, deleted or broken on the way. */
  collateral: string[]
}

export interface StepScore extends StepRecord {
  points: number
  /** Where the other points went. */
  lost: { hints: number; time: number; collateral: number }
}

/**
 * The points of a step that was passed: two less a hint (at most six), one less for each further stretch of its planned time (at most
 * three), one less for each thing that was harmed (at most three), but one at least; none when its solution was shown, or run by an instructor.
 */
export function scoreStep(record: StepRecord): StepScore {
  const late = Math.floor(Math.max(0, record.time - 1) / (record.minutes * 60_000))
  const lost = {
    hints: Math.min(2 * record.hints, 6),
    time: Math.min(late, 3),
    collateral: Math.min(record.collateral.length, 3),
  }
  const points = record.solution ? 0 : Math.max(1, STEP_POINTS - lost.hints - lost.time - lost.collateral)
  return { ...record, points, lost }
}

/** A scored lab so far. */
export interface LabResult {
  points: number
  /** Of how many. */
  of: number
  /** How many pass. */
  needed: number
  passed: boolean
  /** From the start to the last pass (ms). */
  time: number
}

export function scoreLab(steps: number, scores: StepScore[]): LabResult {
  const points = scores.reduce((sum, score) => sum + score.points, 0)
  const of = steps * STEP_POINTS
  const needed = Math.ceil(of * PASS_SHARE)
  return {
    points,
    of,
    needed,
    passed: points >= needed,
    time: scores.reduce((sum, { time }) => sum + time, 0),
  }
}
