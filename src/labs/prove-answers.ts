import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { answerScript, type CommandVerdict, judgeAnswer, readAnswer } from './command-answer.ts'
import type { Lesson } from './lesson.ts'
import type { CommandQuestion } from './lesson-schema.ts'
import { inLessonWorld } from './lesson-world.ts'
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

const tryAnswer = (
  lesson: Lesson,
  question: CommandQuestion,
  command: string,
  options: ProveLessonOptions,
): Promise<CommandVerdict> =>
  inLessonWorld(lesson, 'answer', options, async ({ folder, home, env }) => {
    const file = join(folder, 'answer.sh')
    await writeFile(file, answerScript(command, question))
    await runScript({ file, cwd: home, env, timeout: TIMEOUT_MS })
    const run = await readAnswer((path) => readFile(join(home, path), 'utf8').catch(() => undefined))
    return judgeAnswer(question, run)
  })
