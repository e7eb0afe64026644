import type { Pod } from '../objects.ts'

/** Label, annotation and source of `JOB_COMPLETION_INDEX` of an indexed Job's pods. */
export const INDEX = 'batch.kubernetes.io/job-completion-index'

export const indexOf = ({ metadata }: Pod): number | undefined => {
  const index = metadata.annotations?.[INDEX]
  return index === undefined ? undefined : Number(index)
}

/** `0-2,5` → 0, 1, 2, 5 */
export function parseIndexes(text: string | undefined): number[] {
  if (!text) return []
  return text.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  })
}

/** 0, 1, 2, 5 → `0-2,5`; two in a row are `0,1`. */
export function describeIndexes(indexes: number[]): string {
  const runs: number[][] = []
  for (const index of indexes.toSorted((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run && run.at(-1) === index - 1) run.push(index)
    else runs.push([index])
  }
  return runs.map((run) => (run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(','))).join(',')
}
