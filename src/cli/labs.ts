import { Command } from 'commander'

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
        .option('--json', 'a JSON object a line')
        .action(async (labs, options) => (await import('./run/labs.ts')).test(labs, options)),
    )
}
