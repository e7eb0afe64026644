import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCloud } from '#cloud/supervisor.ts'
import { listLabs } from '#labs/check-command.ts'
import { humanReporter, jsonReporter } from '#labs/reporters.ts'
import { testLabs } from '#labs/test-labs.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { writeAwsFiles } from '#workspace/home.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

const write = (text: string) => void process.stdout.write(text)

export const list = ({ json }: { json?: boolean }) => listLabs({ json, write })

/** Proves labs in a cloud of their own. */
export async function test(
  labs: string[],
  { step, json }: { step?: string[]; json?: boolean },
): Promise<void> {
  const { progress, done } = showProgress()
  const toolbox = await prepare(progress)
  done()
  const directory = await mkdtemp(join(tmpdir(), 'drydock-labs-test-'))
  const cloud = await startCloud({ directory, hostLoopback: true, log: (message) => console.error(message) })
  try {
    const summary = await testLabs({
      cloud,
      labs,
      steps: step,
      reporter: json ? jsonReporter(write) : humanReporter(write),
      environment: async (world, home) => {
        await writeAwsFiles(home, world)
        return shellEnvironment({ world, toolbox, home })
      },
    })
    if (summary.failed > 0) process.exitCode = 1
  } finally {
    await cloud.stop()
    await rm(directory, { recursive: true, force: true })
  }
}
