import { spawnSync } from 'node:child_process'
import { Command } from 'commander'
import { clusterCommands } from './commands/cluster.ts'
import { nodegroupCommands } from './commands/nodegroup.ts'
import {
  addonCommands,
  fargateCommands,
  identityMappingCommands,
  serviceAccountCommands,
} from './commands/others.ts'
import type { Verbs } from './commands/shared.ts'
import { utilsCommands } from './commands/utils.ts'
import { EksctlError } from './log.ts'
import { VERSION } from './version.ts'

const program = new Command('eksctl')
  .description('The official CLI for Amazon EKS, in the edition of Drydock')
  .configureHelp({ sortSubcommands: true })
  .showHelpAfterError("(usage: see 'eksctl help')")

const verbs: Verbs = {
  create: program.command('create').description('Create resource(s)'),
  get: program.command('get').description('Get resource(s)'),
  update: program.command('update').description('Update resource(s)'),
  upgrade: program.command('upgrade').description('Upgrade resource(s)'),
  scale: program.command('scale').description('Scale resources(s)'),
  delete: program.command('delete').description('Delete resource(s)'),
  utils: program.command('utils').description('Various utils'),
}
for (const register of [
  clusterCommands,
  nodegroupCommands,
  fargateCommands,
  addonCommands,
  identityMappingCommands,
  serviceAccountCommands,
  utilsCommands,
])
  register(verbs)

program
  .command('version')
  .description('Output the version of eksctl')
  .action(() => {
    process.stdout.write(`${VERSION}\n`)
  })

program
  .command('info')
  .description('Output the version of eksctl, kubectl and OS info')
  .action(() => {
    const { stdout } = spawnSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' })
    const kubectl = /"gitVersion": "([^"]+)"/.exec(stdout ?? '')?.[1] ?? 'not found'
    process.stdout.write(`eksctl version: ${VERSION}\nkubectl version: ${kubectl}\nOS: ${process.platform}\n`)
  })

try {
  await program.parseAsync()
} catch (error) {
  const known = error instanceof EksctlError || (error as { $metadata?: unknown }).$metadata !== undefined
  const { name, message } = error as Error
  process.stderr.write(
    `Error: ${error instanceof EksctlError ? message : known ? `${name}: ${message}` : String((error as Error).stack)}\n`,
  )
  process.exitCode = 1
}
