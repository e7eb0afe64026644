import { stat } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { parentPort } from 'node:worker_threads'
import type { Checker } from './checker.ts'
import { checkContext, StepFailed } from './context.ts'
import { describeError } from './describe-error.ts'
import type { CheckRequest, WorkerMessage } from './protocol.ts'
import { checkRules } from './rules/check.ts'
import { TargetClients } from './target-clients.ts'
import { WorkspaceFiles } from './workspace-files.ts'

// The thread that checks run in: one at a time, ended from outside when one takes too long.

const say = (message: WorkerMessage) => parentPort!.postMessage(message)

parentPort!.on('message', async (request: CheckRequest) => {
  let clients: TargetClients | undefined
  const before = { ...process.env }
  try {
    if (request.environment) becomeEnvironment(request.environment)
    const checker = await loadChecker(request.checker)
    const check = checker.steps[request.step]
    if (!check) throw new Error(`${request.checker} has no check for the step ${request.step}`)
    const files = new WorkspaceFiles(request.home)
    clients = new TargetClients(request.target, files)
    const context = checkContext(clients, files, (finding) => say({ type: 'finding', finding }))
    say({ type: 'started' })
    await check(context)
    if (request.rules) await checkRules(request.rules, context)
    say({ type: 'done', outcome: 'passed' })
  } catch (error) {
    if (error instanceof StepFailed) say({ type: 'done', outcome: 'failed' })
    else say({ type: 'error', finding: describeError(error, request.target) })
  } finally {
    clients?.close()
    if (request.environment) becomeEnvironment(before)
  }
})

/** A thread has an environment of its own. */
function becomeEnvironment(variables: Record<string, string | undefined>): void {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, variables)
}

/** A checker, read again when an author has changed its file. */
async function loadChecker(file: string): Promise<Checker> {
  const { mtimeMs } = await stat(file)
  const module = await import(`${pathToFileURL(file)}?changed=${mtimeMs}`)
  return module.default
}
