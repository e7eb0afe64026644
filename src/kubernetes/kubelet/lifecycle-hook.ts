import type { ContainerSpecification, LifecycleHandler, Pod } from '../objects.ts'
import { httpStatus, PLAIN_ANSWER } from './http-get.ts'
import type { Instance } from './instance.ts'
import type { PodContext } from './pod-context.ts'

/** A hook and whose it is. */
interface Hook {
  pod: Pod
  spec: ContainerSpecification
  instance: Instance
  handler: LifecycleHandler
}

/**
 * Runs a container's postStart or preStop hook until it has ended: undefined when it did its part, else what the kubelet
 * says of it. `aborted` ends it before. An HTTP hook has done its part with any answer. Models pkg/kubelet/lifecycle/handlers.go.
 */
export async function runHook(
  context: PodContext,
  hook: Hook,
  aborted: AbortSignal,
): Promise<string | undefined> {
  const { exec, httpGet, sleep } = hook.handler
  if (exec) return runExec(hook, exec.command ?? [], aborted)
  try {
    if (httpGet) await runHttp(context, hook, httpGet, aborted)
    else if (sleep) await runSleep(context, sleep.seconds, aborted)
    else return 'Cannot run handler: invalid handler'
  } catch (error) {
    const what = httpGet
      ? `HTTP lifecycle hook (${httpGet.path ?? ''})`
      : `Sleep lifecycle hook (${sleep!.seconds})`
    return `${what} ${whose(hook)} failed - error: ${(error as Error).message}`
  }
}

function whose({ pod, spec }: Hook): string {
  const { name, namespace, uid } = pod.metadata
  return `for Container "${spec.name}" in Pod "${name}_${namespace}(${uid})"`
}

async function runExec(hook: Hook, command: string[], aborted: AbortSignal): Promise<string | undefined> {
  const output = { stdout: '', stderr: '' }
  const failed = (error: string) => {
    const message = JSON.stringify(output.stdout + output.stderr)
    return `Exec lifecycle hook ([${command.join(' ')}]) ${whose(hook)} failed - error: ${error}, message: ${message}`
  }
  try {
    const child = await hook.instance.container.exec({ command })
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        if (output[stream].length < 10_240) output[stream] += chunk.toString()
      })
    }
    child.stdin.end()
    const kill = () => child.kill('SIGKILL')
    if (aborted.aborted) kill()
    else aborted.addEventListener('abort', kill, { once: true })
    const { exitCode } = await child.exited
    // The last output may still be on its way through the streams.
    await new Promise((resolve) => setImmediate(resolve))
    if (aborted.aborted) return failed('rpc error: code = Canceled desc = context canceled')
    if (exitCode === 0) return
    return failed(`command '${command.join(' ')}' exited with ${exitCode}: ${output.stderr}`)
  } catch (error) {
    return failed((error as Error).message)
  }
}

type HttpGet = NonNullable<LifecycleHandler['httpGet']>

async function runHttp(
  context: PodContext,
  hook: Hook,
  action: HttpGet,
  aborted: AbortSignal,
): Promise<void> {
  const { network, podAddress, nodeAddress, userAgent } = context
  const target = {
    network,
    container: hook.instance.container,
    podAddress: podAddress!,
    nodeAddress,
    ports: hook.spec.ports ?? [],
    userAgent: userAgent.replace('kube-probe', 'kube-lifecycle'),
  }
  try {
    await httpStatus(target, action, aborted)
  } catch (error) {
    if (!(error as Error).message.endsWith(PLAIN_ANSWER)) throw error
    await httpStatus(target, { ...action, scheme: 'HTTP' }, aborted)
    const where = `${action.host || podAddress}:${action.port}`
    const message = `request to HTTPS lifecycle hook ${where} got HTTP response, retry with HTTP succeeded`
    context.event(hook.pod, 'Warning', 'LifecycleHTTPFallback', message)
  }
}

function runSleep(context: PodContext, seconds: number, aborted: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = context.setTimer(seconds * 1000, resolve)
    const end = () => {
      timer.cancel()
      reject(new Error('container terminated before sleep hook finished'))
    }
    if (aborted.aborted) end()
    else aborted.addEventListener('abort', end, { once: true })
  })
}
