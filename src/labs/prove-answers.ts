import { randomUUID } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ANSWER_FOLDER, answerScript, type CommandVerdict, judgeAnswer } from './command-answer.ts'
import type { Lesson } from './lesson.ts'
import type { CommandQuestion } from './lesson-schema.ts'
import type { LessonProblem, ProveLessonOptions } from './prove-lesson.ts'
import { runScript } from './shell.ts'

const TIMEOUT_MS = 60_000

/** Runs the answers that a lesson's questions name, each in a fresh copy of its world: the right ones must be right, the others not. */
export async function proveAnswers(lesson: Lesson, options: ProveLessonOptions): Promise<LessonProblem[]> {
  const problems: LessonProblem[] = []
  for (const question of lesson.commands) {
    for (const right of [true, false]) {
      for (const command of right ? question.accepts : question.rejects) {
        const verdict = await tryAnswer(lesson, question, command, options)
        if (verdict.right === right) continue
        const said = right ? `is not taken as an answer (${verdict.reason})` : 'is taken as an answer'
        problems.push({ line: 1, problem: `“${command}” ${said}: ${question.ask}`, output: verdict.output })
      }
    }
  }
  return problems
}

async function tryAnswer(
  lesson: Lesson,
  question: CommandQuestion,
  command: string,
  { cloud, worlds, environment }: ProveLessonOptions,
): Promise<CommandVerdict> {
  const folder = await mkdtemp(join(tmpdir(), 'drydock-answer-'))
  const home = join(folder, 'home')
  const { world, files } = await worlds.create(lesson.start, {
    id: `answer-${randomUUID().slice(0, 8)}`,
    seed: lesson.id,
    provisioning: 'instant',
    home,
  })
  try {
    await mkdir(home)
    if (files) await cp(files, home, { recursive: true })
    const file = join(folder, 'answer.sh')
    await writeFile(file, answerScript(command, question))
    await runScript({ file, cwd: home, env: await environment(world, home), timeout: TIMEOUT_MS })
    const found = (name: string) => readFile(join(home, ANSWER_FOLDER, name), 'utf8').catch(() => undefined)
    const [output = '', code, check] = await Promise.all(['output', 'code', 'check'].map(found))
    return judgeAnswer(question, { output, code: number(code), check: number(check) })
  } finally {
    await cloud.deleteWorld(world.id)
    await rm(folder, { recursive: true, force: true })
  }
}

const number = (text: string | undefined) => (text === undefined ? undefined : Number(text))
