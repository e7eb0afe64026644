import { enableCompileCache } from 'node:module'
import { Command } from 'commander'
import { COMPILE_CACHE } from '#cloud/generated.ts'
import { backupCommand, restoreCommand } from './backup.ts'
import { checkCommand } from './check.ts'
import { cloudCommand } from './cloud.ts'
import { doctorCommand } from './doctor.ts'
import { labsCommand, lessonsCommand } from './labs.ts'
import { serveCommand } from './serve.ts'
import { startCommand } from './start.ts'

// Commands import what they need when they run, and that is cached.
enableCompileCache(COMPILE_CACHE)
const program = new Command('drydock')
  .description('Learn Kubernetes, EKS, ECR and ECS with the real tools on a simulated cloud.')
  .showHelpAfterError()
  .addCommand(startCommand())
  .addCommand(serveCommand())
  .addCommand(backupCommand())
  .addCommand(restoreCommand())
  .addCommand(cloudCommand())
  .addCommand(checkCommand())
  .addCommand(labsCommand())
  .addCommand(lessonsCommand())
  .addCommand(doctorCommand())

try {
  await program.parseAsync()
} catch (error) {
  console.error(`drydock: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
