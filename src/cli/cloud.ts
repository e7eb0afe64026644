import { join } from 'node:path'
import { Command, Option } from 'commander'
import { accountId, DEFAULT_DATA, port, provisioning, speed } from './options.ts'

export function cloudCommand(): Command {
  return new Command('cloud')
    .description(
      'Runs the simulated cloud alone: an emulator of EKS, ECR, EC2, IAM and Kubernetes for any shell or test.',
    )
    .option('--env-file <file>', 'write a file to source in a shell, once the cloud is ready')
    .addOption(
      new Option(
        '--data <dir>',
        `keep the cloud in this folder (default: ${join(DEFAULT_DATA, 'cloud-alone')})`,
      ).conflicts('ephemeral'),
    )
    .option('--ephemeral', 'keep nothing after the end')
    .option(
      '--provisioning <n|instant>',
      'how many times faster than AWS things are provisioned (default: 40)',
      provisioning,
    )
    .option('--speed <n>', "speed of the cloud's clock (default: 1)", speed)
    .option('--account <id>', 'account id (default: a random one)', accountId)
    .option('--endpoint-port <port>', 'also serve one endpoint for AWS_ENDPOINT_URL on this port', port)
    .addOption(
      new Option(
        '--credentials <mode>',
        'at that endpoint: check keys and policies, or take any keys as the administrator',
      )
        .choices(['enforced', 'open'])
        .default('enforced'),
    )
    .action(async (options) => (await import('./run/cloud.ts')).runCloud(options))
}
