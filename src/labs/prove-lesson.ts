import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { outputKey } from './fences.ts'
import type { Lesson } from './lesson.ts'
import type { LessonBlock } from './lesson-blocks.ts'
import type { RecordedOutput } from './lesson-schema.ts'
import { inLessonWorld, type LessonWorlds } from './lesson-world.ts'
import { normalise } from './normalise.ts'
import { runScript } from './shell.ts'

export interface ProveLessonOptions extends LessonWorlds {
  /** Until the whole lesson is given up, in ms. Default 10 min. */
  timeout?: number
}

/** What is wrong with a block. */
export interface LessonProblem {
  line: number
  problem: string
  /** What it printed. */
  output?: string
  /** The recorded output is old: recording it anew mends that. */
  recordable?: true
}

export interface LessonRun {
  /** What the blocks printed, as far as they ran. */
  outputs: RecordedOutput[]
  problems: LessonProblem[]
  /** ms */
  duration: number
}

type Command = Extract<LessonBlock, { kind: 'command' }>

const TIMEOUT_MS = 10 * 60_000
/** How long a block with `until` is repeated (s). */
const UNTIL_LIMIT_S = 120

/** Does in a fresh world what a lesson's reader does, in one shell, and says where that is not what the lesson says. */
export async function proveLesson(lesson: Lesson, options: ProveLessonOptions): Promise<LessonRun> {
  const start = performance.now()
  return inLessonWorld(lesson, 'lesson', options, async ({ folder, home, env }) => {
    await mkdir(join(folder, 'out'))
    const file = join(folder, 'lesson.sh')
    await writeFile(file, lessonScript(lesson.blocks, join(folder, 'out')))
    const timeout = options.timeout ?? TIMEOUT_MS
    const { timedOut, output } = await runScript({ file, cwd: home, env, timeout })
    const run = await readRun(lesson, folder, timedOut ? 'it did not end in time' : output)
    return { ...run, duration: performance.now() - start }
  })
}

/** One script of all blocks, so that variables and folders of one are there in the next, as in a reader's terminal. */
function lessonScript(blocks: LessonBlock[], out: string): string {
  const parts = blocks.map((block, index) => blockScript(block, join(out, String(index))))
  // Lines of files that a block sources would stand in its output.
  return ['set +v', ...parts].join('\n')
}

function blockScript(block: LessonBlock, out: string): string {
  if (block.kind === 'file') {
    const end = `END_OF_${block.line}`
    return `mkdir -p '${dirname(block.file)}'\ncat > '${block.file}' <<'${end}'\n${block.text}${end}\n`
  }
  const group = `{\n${block.commands}\n} >'${out}' 2>&1`
  if (block.until !== undefined) {
    return [
      `UNTIL=$((SECONDS + ${UNTIL_LIMIT_S}))`,
      `until { ${group}; grep -Eqe ${quote(block.until)} '${out}'; }; do ((SECONDS < UNTIL)); sleep 0.2; done`,
      `echo 0 >'${out}.code'\n`,
    ].join('\n')
  }
  if (block.exit === 0) return `${group}\necho 0 >'${out}.code'\n`
  return `set +e\n${group}\necho $? >'${out}.code'\nset -e\n`
}

/** How bash names the script that it runs; a reader's shell has no script. */
const SCRIPT_LINE = /^\S*lesson\.sh: line \d+: /gm

/** An output as a reader's shell would show it: with a home folder and no script. */
const asReader = (text: string, folder: string) =>
  text.replaceAll(join(folder, 'home'), '/home/learner').replace(SCRIPT_LINE, 'bash: ')

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

async function readRun(
  lesson: Lesson,
  folder: string,
  trouble: string,
): Promise<Pick<LessonRun, 'outputs' | 'problems'>> {
  const out = join(folder, 'out')
  const recorded = new Map(lesson.outputs.map((block) => [outputKey(block.commands, block.id), block.output]))
  const outputs: RecordedOutput[] = []
  const problems: LessonProblem[] = []
  for (const [index, block] of lesson.blocks.entries()) {
    if (block.kind === 'file') continue
    const printed = await readFile(join(out, String(index)), 'utf8').then(
      (text) => asReader(text, folder),
      () => undefined,
    )
    const code = await readFile(join(out, `${index}.code`), 'utf8').then(Number, () => undefined)
    if (printed === undefined || code === undefined) {
      const problem = block.until ? `never showed /${block.until}/` : 'failed, and all after it did not run'
      problems.push({ line: block.line, problem, output: printed ?? trouble })
      return { outputs, problems }
    }
    const output = cut(printed, block.head)
    problems.push(...judge(block, code, printed, output, recorded))
    if (!block.quiet) outputs.push({ commands: block.commands, ...(block.id && { id: block.id }), output })
  }
  if (lesson.outputs.length > outputs.length)
    problems.push({ line: 1, problem: 'outputs are recorded of blocks that are gone', recordable: true })
  return { outputs, problems }
}

function judge(
  block: Command,
  code: number,
  printed: string,
  output: string,
  recorded: Map<string, string>,
): LessonProblem[] {
  const { line } = block
  if (code !== block.exit)
    return [{ line, problem: `ended with ${code}; the lesson says ${block.exit}`, output: printed }]
  if (block.shows !== undefined && !printed.includes(block.shows))
    return [{ line, problem: `does not show "${block.shows}"`, output: printed }]
  if (block.quiet) return []
  const before = recorded.get(outputKey(block.commands, block.id))
  if (before === undefined) return [{ line, problem: 'has no recorded output', output, recordable: true }]
  if (normalise(before) === normalise(output)) return []
  return [
    { line, problem: `prints something else than the lesson shows:\n${before}`, output, recordable: true },
  ]
}

/** The first lines, with a mark that more follow. */
function cut(text: string, lines: number | undefined): string {
  const all = text.trimEnd().split('\n')
  return lines === undefined || all.length <= lines
    ? all.join('\n')
    : [...all.slice(0, lines), '…'].join('\n')
}
