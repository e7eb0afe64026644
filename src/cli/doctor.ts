import { Command } from 'commander'

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Tells what is there, what is missing, and how to get it.')
    .option('--json', 'as JSON')
    .action(async (options) => (await import('./run/doctor.ts')).tellFindings(options))
}
