// Lints the texts of the interface: `node scripts/texts.ts`. Prints those that no page uses, those that are not translated, and words
// that stand in a page instead of in the tables; exits 1. That none is missing in a language is checked by the compiler.
import { glob, readFile } from 'node:fs/promises'
import * as en from '#site/i18n/en/index.ts'
import * as chinese from '#site/i18n/zh-CN/index.ts'

/** Names and signs that are the same in all languages. */
const SAME =
  /^(?:[^\p{L}]*|Drydock|AWS|Docker|YAML|VPC|Kubernetes|Deployment|Pod|unreachable|unexpected|[A-Z]|F6|Ctrl|Shift|Space|Home|End|Enter)$|·/u

const problems: string[] = []
const used = new Set<string>()
for await (const file of glob('src/site/**/*.{ts,tsx,astro}', { exclude: ['src/site/i18n/**'] })) {
  const source = await readFile(file, 'utf8')
  for (const [, chain] of source.matchAll(/\bt\.((?:\w+\.)*\w+)/g)) used.add(chain!)
  for (const text of wordsInMarkup(file, source))
    problems.push(`${file}: “${text}” belongs into src/site/i18n`)
}

const leaves = new Map(leavesOf(en))
const translated = new Map(leavesOf(chinese))
for (const [path, text] of leaves) {
  if (!isUsed(path)) problems.push(`src/site/i18n: no page uses "${path}"`)
  if (typeof text === 'string' && translated.get(path) === text && !SAME.test(text))
    problems.push(`src/site/i18n/zh-CN: "${path}" is not translated`)
}
for (const problem of problems) console.error(problem)
console.log(`texts: ${leaves.size} in 2 languages, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0

/** A text is used by its own name, or as a part of something that is used whole, by index or by a method. */
function isUsed(path: string): boolean {
  // The elements of a list are used with it.
  const name = path.replace(/\.\d+(\.|$).*/, '')
  const parts = name.split('.')
  return (
    parts.some((_, index) => used.has(parts.slice(0, index + 1).join('.'))) ||
    [...used].some((chain) => chain.startsWith(`${name}.`))
  )
}

function leavesOf(value: unknown, path: string[] = []): [string, unknown][] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, [...path, name]))
    : [[path.join('.'), value]]
}

/** Words between tags and in attributes that are read out. */
function wordsInMarkup(file: string, source: string): string[] {
  if (file.endsWith('.ts')) return []
  const markup = file.endsWith('.astro')
    ? source.replace(/^---[\s\S]*?^---$/m, '').replace(/<(script|style|pre)[\s\S]*?<\/\1>/g, '')
    : source
  return [
    ...markup.matchAll(/<\/?[a-z][\w-]*(?:\s[^<>{}]*)?>\s*([A-Z][a-z]+(?:\s[^<>{}]*)?)\s*(?=<)/g),
    ...markup.matchAll(/\b(?:aria-label|title|alt)="([^"]*[a-z]{2}[^"]*)"/g),
  ].map(([, text]) => text!.trim())
}
