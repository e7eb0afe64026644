import { writeFile } from 'node:fs/promises'
import pc from 'picocolors'
import type { CloudClient } from '#cloud/api.ts'
import { formatOutputs, type Lesson, loadLessons } from './lesson.ts'
import { normalise } from './normalise.ts'
import { proveAnswers } from './prove-answers.ts'
import { type LessonRun, proveLesson } from './prove-lesson.ts'
import { PreparedWorlds, type ShellEnvironment } from './starts.ts'

export interface TestLessonsOptions {
  cloud: CloudClient
  environment: ShellEnvironment
  /** Where homes of prepared worlds are kept while the tests run. */
  folder: string
  /** `<track>/<lesson>`; all when left out or empty. */
  lessons?: string[]
  /** Records what is printed instead of comparing it. */
  update?: boolean
  /** Lessons run at once. Default 5: commands wait more than they compute. */
  jobs?: number
  lessonsFolder?: string
  write(text: string): void
}

/** Runs the commands of lessons, each lesson in a world of its own. Gives how many are wrong. Throws LabError. */
export async function testLessons(options: TestLessonsOptions): Promise<number> {
  const { cloud, environment, folder, update = false, jobs = 5, write } = options
  const start = performance.now()
  const lessons = await loadLessons(options.lessons, options.lessonsFolder)
  const worlds = new PreparedWorlds({ cloud, environment, folder })
  // Those that wait for a start come first.
  const queue = lessons.filter(hasCommands).sort((a, b) => (b.start ?? '').localeCompare(a.start ?? ''))
  let wrong = 0
  const work = async () => {
    for (let lesson = queue.shift(); lesson; lesson = queue.shift()) {
      const proof = { cloud, worlds, environment }
      const run = await proveLesson(lesson, proof)
      const answers = await proveAnswers(lesson, proof)
      const problems = [...run.problems.filter(({ recordable }) => !update || !recordable), ...answers]
      if (problems.length > 0) wrong++
      else if (update) await record(lesson, run)
      write(report(lesson, { ...run, problems }))
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  write(
    `${lessons.length} lessons, ${wrong === 0 ? pc.green('all right') : pc.red(`${wrong} wrong`)}, in ${seconds} s\n`,
  )
  return wrong
}

const hasCommands = ({ blocks, outputs, commands }: Lesson) =>
  blocks.length > 0 || outputs.length > 0 || commands.length > 0

/** Writes what was printed; what is the same but for ids and times stays as it is. */
async function record(lesson: Lesson, { outputs }: LessonRun): Promise<void> {
  const blocks = outputs.map((block) => {
    const same = lesson.outputs.find(
      ({ commands, id, output }) =>
        commands === block.commands && id === block.id && normalise(output) === normalise(block.output),
    )
    return same ?? block
  })
  await writeFile(lesson.outputsFile, formatOutputs(blocks))
}

function report(lesson: Lesson, { problems, duration }: LessonRun): string {
  const mark = problems.length === 0 ? pc.green('✓') : pc.red('✗')
  const lines = [`${mark} ${lesson.id}  ${pc.dim(`${(duration / 1000).toFixed(1)} s`)}`]
  for (const { line, problem, output } of problems) {
    lines.push(`    ${pc.red(`content/lessons/${lesson.id}.mdx:${line}: ${problem}`)}`)
    if (output !== undefined)
      lines.push('    it printed:', ...output.split('\n').map((text) => `      ${text}`))
  }
  return `${lines.join('\n')}\n`
}
