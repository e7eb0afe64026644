import { Command } from 'commander'
import { jobs } from './options.ts'

export function labsCommand(): Command {
  return new Command('labs')
    .description('The labs: what there is, and whether their checks are proven.')
    .addCommand(
      new Command('list')
        .description('Lists the labs.')
        .option('--json', 'as JSON')
        .action(async (options) => (await import('./run/labs.ts')).list(options)),
    )
    .addCommand(
      new Command('test')
        .description(
          'Proves the checks of labs: each fails before its step, passes after the solution, and names each mistake.',
        )
        .argument('[id...]', 'labs to prove (default: all)')
        .option('--step <id...>', 'prove only these steps; the others are only done')
        .option('--overlay <dir>', 'also the labs of a company’s overlay')
        .option('--jobs <n>', 'proofs made at once (default: three a core)', jobs)
        .option('--json', 'a JSON object a line')
        .action(async (labs, options) => (await import('./run/labs.ts')).test(labs, options)),
    )
}

export function lessonsCommand(): Command {
  return new Command('lessons')
    .description('The lessons: whether their commands do and print what the text says.')
    .addCommand(
      new Command('test')
        .description(
          'Runs the commands of lessons, each lesson in a fresh world, and compares what they print with what is recorded.',
        )
        .argument('[id...]', 'lessons to run, as <track>/<lesson> (default: all)')
        .option('--update', 'record what is printed, for the pages to show')
        .action(async (lessons, options) =>
          (await import('./run/labs.ts')).testLessonCommands(lessons, options),
        ),
    )
}
