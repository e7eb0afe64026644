/** A line of a recording: what a terminal showed, its new size, or how many bytes were too much to keep. */
export type Line =
  | [at: number, kind: 'o', text: string]
  | [at: number, kind: 'r', size: string]
  | [at: number, kind: 'x', bytes: number]

/** Reads a recording. The last line of one that goes on may be cut. */
export function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.endsWith(']'))
    .map((line) => JSON.parse(line) as Line)
}

/** How many of the lines were there at a time. */
export function countUntil(lines: Line[], at: number): number {
  let low = 0
  let high = lines.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (lines[middle]![0] <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** The terminal that had shown something last at a time: the one that was worked in. */
export function lastShown(outputs: ReadonlyMap<string, Line[]>, at: number): string | undefined {
  let found: string | undefined
  let latest = 0
  for (const [id, lines] of outputs) {
    const last = lines[countUntil(lines, at) - 1]
    if (last && last[0] >= latest) [found, latest] = [id, last[0]]
  }
  return found
}
