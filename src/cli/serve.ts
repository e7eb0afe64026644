import { Command } from 'commander'

export function serveCommand(): Command {
  return new Command('serve')
    .description('Serves many people: with sign-in, cohorts and instructors.')
    .option('--config <file>', 'settings, a YAML file; the environment goes over it')
    .option('--print-settings', 'lists all settings and their environment variables, and ends')
    .action(async (options) => (await import('./run/serve.ts')).serve(options))
}
