import type { Probe } from '../objects.ts'
import { askGrpc } from './grpc-probe.ts'
import { type HttpGet, httpStatus } from './http-get.ts'
import { dial, type ProbeTarget, portOf } from './probe-target.ts'

export interface ProbeResult {
  success: boolean
  /** The kubelet's text after `Readiness probe failed: `. */
  output: string
}

/** Asks a container once; never throws. `aborted` ends it (a time-out is the caller's). */
export async function runProbe(
  target: ProbeTarget,
  action: Probe,
  aborted: AbortSignal,
): Promise<ProbeResult> {
  try {
    if (action.httpGet) return await askHttp(target, action.httpGet, aborted)
    if (action.tcpSocket) return askTcp(target, action.tcpSocket)
    if (action.exec) return await askExec(target, action.exec.command ?? [], aborted)
    if (action.grpc) {
      const { port, service = '' } = action.grpc
      const question = {
        address: target.podAddress,
        port,
        service,
        timeoutSeconds: action.timeoutSeconds ?? 1,
      }
      return await askGrpc(() => dial(target, target.podAddress, port), question, aborted)
    }
    return { success: false, output: 'no probe handler' }
  } catch (error) {
    return { success: false, output: (error as Error).message }
  }
}

function askTcp(target: ProbeTarget, { host, port }: { host?: string; port: number | string }): ProbeResult {
  dial(target, host || target.podAddress, portOf(target, port)).destroy()
  return { success: true, output: '' }
}

async function askHttp(target: ProbeTarget, action: HttpGet, aborted: AbortSignal): Promise<ProbeResult> {
  const status = await httpStatus(target, action, aborted)
  const success = status >= 200 && status < 400
  return { success, output: success ? '' : `HTTP probe failed with statuscode: ${status}` }
}

async function askExec(target: ProbeTarget, command: string[], aborted: AbortSignal): Promise<ProbeResult> {
  const child = await target.container.exec({ command })
  let output = ''
  const read = (chunk: Buffer) => {
    if (output.length < 10_240) output += chunk.toString()
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  child.stdin.end()
  aborted.addEventListener('abort', () => child.kill('SIGKILL'), { once: true })
  const { exitCode } = await child.exited
  if (aborted.aborted)
    return { success: false, output: `command timed out: "${command.join(' ')}" timed out` }
  return { success: exitCode === 0, output }
}
