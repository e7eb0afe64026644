import { Command, Option } from 'commander'
import { DEFAULT_DATA } from './options.ts'

export function checkCommand(): Command {
  return new Command('check')
    .description("Runs a lab's checks and says what was expected, what was observed, and why.")
    .argument('<lab>', 'the lab: see "drydock labs list"')
    .argument('[step]', 'one step (default: all in order, up to the first that does not pass)')
    .addOption(
      new Option(
        '--target <kind>',
        'what is checked: the simulated cloud, a real cluster, or a real AWS account',
      )
        .choices(['simulated', 'kubeconfig', 'aws'])
        .default('simulated'),
    )
    .option('--region <region>', 'with --target aws')
    .option('--profile <name>', 'with --target aws')
    .option('--kubeconfig <file>', 'with --target kubeconfig (default: KUBECONFIG, else ~/.kube/config)')
    .option('--context <name>', 'with --target kubeconfig')
    .option(
      '--home <dir>',
      "the folder with the lab's files (default: the lab's workspace; in a lab's terminal your home)",
    )
    .option('--data <dir>', 'where a running Drydock keeps its data', DEFAULT_DATA)
    .option('--json', 'the reports as JSON')
    .action(async (lab, step, options) => (await import('./run/check.ts')).check(lab, step, options))
}
