import { structuredPatch } from 'diff'
import type { Json } from './json.ts'

/** Lines around a change. */
const CONTEXT = 10

/**
 * How two values differ, as the API server shows it: a unified diff of their JSON.
 * Models Diff of k8s.io/apimachinery/pkg/util/diff (since 1.34 it stands in for go-cmp), read 2026-11.
 */
export function difference(expected: Json, got: Json): string {
  const { hunks } = structuredPatch('expected', 'got', text(expected), text(got), '', '', {
    context: CONTEXT,
  })
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${range(oldStart, oldLines)} +${range(newStart, newLines)} @@`,
    ...lines,
  ])
  return ['--- expected', '+++ got', ...lines, ''].join('\n')
}

/** As encoding/json writes it, which escapes what HTML could take for its own. */
const text = (value: Json) =>
  `${JSON.stringify(value, null, 2).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)}\n`

const range = (start: number, lines: number) => (lines === 1 ? `${start}` : `${start},${lines}`)
