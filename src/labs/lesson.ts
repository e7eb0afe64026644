import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { type LessonBlock, lessonBlocks } from './lesson-blocks.ts'
import { type LessonHead, lessonSchema, outputsSchema, type RecordedOutput } from './lesson-schema.ts'
import { LabError, parseYaml } from './load.ts'

/** The lessons of this checkout. */
export const LESSONS_FOLDER = fileURLToPath(new URL('../../content/lessons', import.meta.url))

export interface Lesson extends LessonHead {
  /** `<track>/<lesson>` */
  id: string
  file: string
  /** The text without its head. */
  text: string
  blocks: LessonBlock[]
  outputsFile: string
  /** What was recorded when the lesson last ran; empty when it never did. */
  outputs: RecordedOutput[]
}

/** All lessons by id, or those named. Throws LabError for what is wrong in one, and for a name that is none. */
export async function loadLessons(ids: string[] = [], folder = LESSONS_FOLDER): Promise<Lesson[]> {
  const known: string[] = []
  for await (const file of glob('*/*.mdx', { cwd: folder })) known.push(file.replace(/\.mdx$/, ''))
  const unknown = ids.find((id) => !known.includes(id))
  if (unknown !== undefined)
    throw new LabError(
      `There is no lesson "${unknown}". Known lessons: ${known.sort().join(', ') || 'none'}.`,
    )
  return Promise.all((ids.length > 0 ? ids : known.sort()).map((id) => loadLesson(id, folder)))
}

async function loadLesson(id: string, folder: string): Promise<Lesson> {
  const file = join(folder, `${id}.mdx`)
  const source = await readFile(file, 'utf8')
  const [, head, text] = /^---\n([\s\S]*?)^---\n([\s\S]*)$/m.exec(source) ?? []
  if (head === undefined)
    throw new LabError(`${id}.mdx: a lesson begins with its head between two lines of ---`)
  const outputsFile = join(folder, `${id}.outputs.yaml`)
  const outputs = await readFile(outputsFile, 'utf8').catch(() => undefined)
  return {
    ...parseYaml(file, head, lessonSchema),
    id,
    file,
    text: text!,
    blocks: lessonBlocks(source, `content/lessons/${id}.mdx`),
    outputsFile,
    outputs: outputs === undefined ? [] : parseYaml(outputsFile, outputs, outputsSchema).blocks,
  }
}

/** The file of recorded outputs. */
export function formatOutputs(blocks: RecordedOutput[]): string {
  return `# What the commands of the lesson printed. Written by "drydock lessons test --update"; do not edit.\n${stringify({ blocks }, { lineWidth: 0, blockQuote: 'literal' })}`
}
