// Lints the course, besides what its schemas check: `node scripts/course.ts`. Prints what is wrong and exits 1.
import { glob, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { type Lesson, loadLessons } from '#labs/lesson.ts'
import { lessonBlocks } from '#labs/lesson-blocks.ts'
import { translationSchema } from '#labs/lesson-schema.ts'
import { parseYaml } from '#labs/load.ts'
import { loadPaths } from '#labs/paths.ts'

/** A claim whose source was read longer ago has to be read again (days). */
const READ_LIMIT_DAYS = 365
const CLAIMS_MINIMUM = 60
/** Words of the longest sentence, and of a text's sentences on average, that readers in their second language are asked to follow. */
const LONGEST_SENTENCE = 36
const AVERAGE_SENTENCE = 17
/** A task of one or two sentences has no average. */
const ENOUGH_SENTENCES = 3
const LAST_HEADINGS = ['In short', 'On the job']
const DAY_MS = 86_400_000

const claimsSchema = z.array(
  z.strictObject({
    lesson: z.string(),
    claim: z.string().min(5),
    source: z.url(),
    read: z.coerce.date().optional(),
    /** A file that the lesson shows, where the claim stands. */
    in: z.string().optional(),
  }),
)

const problems: string[] = []
const lessons = await loadLessons()
const byId = new Map(lessons.map((lesson) => [lesson.id, lesson]))
const labs = (await readdir('labs', { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const texts = new Map(
  await Promise.all(lessons.map(async (lesson) => [lesson.id, await readFile(lesson.file, 'utf8')] as const)),
)

await checkClaims()
await checkGlossary()
await checkPaths()
await checkTranslations()
for await (const file of glob('labs/*/steps/*.mdx')) {
  const step = { id: file, text: await readFile(file, 'utf8'), labs: [] }
  checkPredictions(step)
  checkSentences(step)
  checkLinks(step)
}
for (const lesson of lessons) {
  checkForm(lesson)
  checkPredictions(lesson)
  checkSources(lesson)
  checkSentences(lesson)
  checkLinks(lesson)
}
for (const problem of problems) console.error(problem)
console.log(`course: ${lessons.length} lessons, ${problems.length} problems`)
process.exitCode = problems.length > 0 ? 1 : 0

async function checkClaims(): Promise<void> {
  const file = 'content/sources.yaml'
  const claims = parseYaml(file, await readFile(file, 'utf8'), claimsSchema)
  if (claims.length < CLAIMS_MINIMUM)
    problems.push(`${file}: ${claims.length} claims, ${CLAIMS_MINIMUM} are needed`)
  for (const { lesson, claim, read, in: other } of claims) {
    const text = other ? await readFile(other, 'utf8') : texts.get(lesson)
    if (!byId.has(lesson) || text === undefined) problems.push(`${file}: there is no lesson "${lesson}"`)
    else if (!plain(text).includes(plain(claim)))
      problems.push(`${file}: "${claim}" does not stand in ${lesson}`)
    if (read) checkAge(read, `${file}: the source of "${claim}"`)
  }
}

/** Each lesson has a prediction, corrects a common error, and ends with a summary and what it is good for. */
function checkForm({ id, text }: Lesson): void {
  if (!text.includes('<Predict')) problems.push(`${id}: nothing is predicted`)
  if (!text.includes('<Aside type="myth">')) problems.push(`${id}: no common error is corrected`)
  if (headings(text).slice(-2).join() !== LAST_HEADINGS.join())
    problems.push(`${id}: the last headings are not “${LAST_HEADINGS.join('” and “')}”`)
}

/** Predictions of lessons and labs: each is explained, and has its answer inside, where it waits for the reader's guess. */
function checkPredictions({ id, text }: Pick<Lesson, 'id' | 'text'>): void {
  const count = (pattern: RegExp) => text.match(pattern)?.length ?? 0
  if (count(/<Predict\b/g) !== count(/<Explain>/g))
    problems.push(`${id}: a prediction without an explanation`)
  if (text.includes('**Predict'))
    problems.push(`${id}: a prediction that is no <Predict>, so its answer is in sight`)
}

/** The headings of the second level, code aside. */
function headings(text: string): string[] {
  return [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!)
}

function checkSources({ id, sources }: Lesson): void {
  for (const { url, read } of sources) {
    if (!url.startsWith('https://')) problems.push(`${id}: ${url} is no https address`)
    if (read) checkAge(read, `${id}: ${url}`)
  }
}

function checkAge(read: Date, what: string): void {
  const days = (Date.now() - read.getTime()) / DAY_MS
  if (days > READ_LIMIT_DAYS) problems.push(`${what} was read ${Math.floor(days)} days ago: read it again`)
  if (days < -1) problems.push(`${what} was read in the future`)
}

/** Long sentences, by their words; code and tables do not count. */
function checkSentences({ id, text }: Pick<Lesson, 'id' | 'text'>): void {
  const prose = text
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/^\|.*$/gm, '')
    .replace(/<(Matrix|Diff|Costs|Guide|Picture)\b[\s\S]*?\/>/g, '')
    .replace(/^(#+ .*|[-*] |\d+\. )/gm, (start) => (start.startsWith('#') ? '' : '\n\n'))
  const sentences = prose
    .split(/\n\s*\n|(?<=[.!?:])["”)]?\s+/)
    .map((sentence) =>
      plain(sentence)
        .split(' ')
        .filter((word) => /[a-z0-9]/i.test(word)),
    )
    .filter((words) => words.length > 2)
  for (const words of sentences)
    if (words.length > LONGEST_SENTENCE)
      problems.push(`${id}: a sentence of ${words.length} words: “${words.slice(0, 8).join(' ')} …”`)
  const average = sentences.reduce((sum, words) => sum + words.length, 0) / Math.max(1, sentences.length)
  if (average > AVERAGE_SENTENCE && sentences.length >= ENOUGH_SENTENCES)
    problems.push(`${id}: ${average.toFixed(1)} words a sentence on average`)
}

/** Links inside the site, images without words, and labs that are not there. */
function checkLinks({ id, text, labs: named }: Pick<Lesson, 'id' | 'text' | 'labs'>): void {
  for (const [, target] of text.matchAll(/\]\((\/[^)]*)\)/g)) {
    const [, kind, name] = /^\/(lessons|labs)\/([^#]*?)\/?(?:#.*)?$/.exec(target!) ?? []
    const there = kind === 'lessons' ? byId.has(name!) : kind === 'labs' ? labs.includes(name!) : false
    if (!there && !target!.startsWith('/glossary/')) problems.push(`${id}: ${target} leads nowhere`)
  }
  if (/!\[\s*\]\(|<img(?![^>]*\balt="[^"]+")/.test(text))
    problems.push(`${id}: an image without alternative text`)
  for (const lab of named) if (!labs.includes(lab)) problems.push(`${id}: there is no lab "${lab}"`)
}

async function checkGlossary(): Promise<void> {
  const terms: { term: string; see?: string }[] = parse(await readFile('content/glossary.yaml', 'utf8'))
  for (const { term, see } of terms)
    if (see && !byId.has(see))
      problems.push(`content/glossary.yaml: "${term}" points to ${see}, which is not there`)
  const known = new Set(terms.map(({ term }) => term))
  for await (const file of glob('content/*/glossary.yaml'))
    for (const { term } of parse(await readFile(file, 'utf8')) as { term: string }[])
      if (!known.has(term)) problems.push(`${file}: "${term}" is no term of the English glossary`)
}

/** Learning paths name lessons and labs that are there, leave time for them, and leave none of them out. */
async function checkPaths(): Promise<void> {
  const minutes = new Map(lessons.map((lesson) => [lesson.id, lesson.minutes]))
  for (const lab of labs) {
    const file = await readFile(join('labs', lab, 'lab.yaml'), 'utf8')
    minutes.set(lab, (parse(file) as { minutes: number }).minutes)
  }
  const left = new Set(minutes.keys())
  for (const { id, parts } of await loadPaths()) {
    for (const { title, minutes: planned, items } of parts) {
      const named = items.flatMap((item) =>
        'lesson' in item ? [item.lesson] : 'lab' in item ? [item.lab] : [],
      )
      for (const name of named.filter((name) => !minutes.has(name)))
        problems.push(`content/paths/${id}.yaml: there is no "${name}"`)
      const needed = named.reduce((sum, name) => sum + (minutes.get(name) ?? 0), 0)
      if (needed > planned)
        problems.push(`content/paths/${id}.yaml: “${title}” takes ${needed} minutes, not ${planned}`)
      for (const name of named) left.delete(name)
    }
  }
  for (const name of left) problems.push(`content/paths: no path leads to "${name}"`)
}

/** A translation has the commands of its original, which are the ones that run, and its questions with the same right answers. */
async function checkTranslations(): Promise<void> {
  for await (const file of glob('content/*/lessons/*/*.mdx')) {
    const source = await readFile(file, 'utf8')
    const lesson = byId.get(/lessons\/(.*)\.mdx$/.exec(file)![1]!)
    if (!lesson) {
      problems.push(`${file}: there is no such lesson in English`)
      continue
    }
    const meanings = await readFile(join(file.split('/lessons/')[0]!, 'glossary.yaml'), 'utf8')
    const meant = new Set((parse(meanings) as { term: string }[]).map(({ term }) => term))
    for (const [, of, shown] of source.matchAll(/<Term(?: of="([^"]+)")?>([^<]*)</g))
      if (!meant.has(of ?? shown!))
        problems.push(`${file}: "${of ?? shown}" is not in the glossary of its language`)
    const { quiz } = parseYaml(file, /^---\n([\s\S]*?)^---$/m.exec(source)![1]!, translationSchema)
    const commands = (blocks: Lesson['blocks']) =>
      JSON.stringify(blocks.map(({ line: _, ...block }) => block))
    if (commands(lessonBlocks(source, file)) !== commands(lesson.blocks))
      problems.push(`${file}: its commands are not those of the original`)
    if (headings(source).length !== headings(lesson.text).length)
      problems.push(`${file}: its headings are not those of the original`)
    const rights = (questions: Lesson['quiz']) =>
      JSON.stringify(questions.map(({ answers }) => answers.map(({ right }) => right)))
    if (rights(quiz) !== rights(lesson.quiz))
      problems.push(`${file}: its answers are not in the order of the original`)
  }
}

/** A text without its markup and with single spaces. */
function plain(text: string): string {
  return text
    .replace(/<\/?[A-Za-z][^>\n]*>/g, '')
    .replace(/[`*_]|\[|\]\([^)]*\)/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
