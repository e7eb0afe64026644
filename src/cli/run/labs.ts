import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { listLabs } from '#labs/check-command.ts'
import { openOverlay } from '#labs/overlay/open.ts'
import { humanReporter, jsonReporter } from '#labs/reporters.ts'
import type { ShellEnvironment } from '#labs/starts.ts'
import { testLabs } from '#labs/test-labs.ts'
import { testLessons } from '#labs/test-lessons.ts'
import { shellEnvironment } from '#workspace/environment.ts'
import { writeLearnerFiles } from '#workspace/home.ts'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import { prepare } from '../prepare.ts'
import { showProgress } from '../progress.ts'

const write = (text: string) => void process.stdout.write(text)

export const list = ({ json }: { json?: boolean }) => listLabs({ json, write })

/** Proves labs in a cloud of their own. */
export async function test(
  labs: string[],
  { step, json, jobs, overlay }: { step?: string[]; json?: boolean; jobs?: number; overlay?: string },
): Promise<void> {
  const folders = overlay === undefined ? undefined : (await openOverlay(overlay)).folders
  await inTestCloud(async (shared) => {
    const reporter = json ? jsonReporter(write) : humanReporter(write)
    const { failed } = await testLabs({
      ...shared,
      labs,
      steps: step,
      reporter,
      ...(jobs && { jobs }),
      ...(folders && { folders }),
    })
    if (failed > 0) process.exitCode = 1
  })
}

/** Runs the commands of lessons in a cloud of their own. */
export async function testLessonCommands(lessons: string[], { update }: { update?: boolean }): Promise<void> {
  await inTestCloud(async (shared) => {
    if ((await testLessons({ ...shared, lessons, update, write })) > 0) process.exitCode = 1
  })
}

/** A cloud that is there for one run of tests. */
async function inTestCloud(
  run: (shared: { cloud: OwnedCloud; environment: ShellEnvironment; folder: string }) => Promise<void>,
): Promise<void> {
  const { progress, done } = showProgress()
  const toolbox = await prepare(progress)
  done()
  const directory = await mkdtemp(join(tmpdir(), 'drydock-labs-test-'))
  const aws = await StartedAws.of(toolbox)
  const cloud = await startCloud({
    directory: join(directory, 'cloud'),
    hostLoopback: true,
    log: (message) => console.error(message),
  })
  try {
    await run({
      cloud,
      folder: join(directory, 'starts'),
      environment: async (world, home) => {
        await writeLearnerFiles(home, world)
        const environment = shellEnvironment({ world, toolbox, home })
        return aws ? { ...environment, PATH: aws.before(environment.PATH!) } : environment
      },
    })
  } finally {
    await cloud.stop()
    await aws?.close()
    await rm(directory, { recursive: true, force: true })
  }
}
