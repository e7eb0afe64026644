import { parentPort, workerData } from 'node:worker_threads'
import { getQuickJS, type QuickJSContext, type QuickJSHandle, type QuickJSRuntime } from 'quickjs-emscripten'
import type { FromSandbox, SandboxData, ToSandbox } from './sandbox.ts'

// Runs a learner's JavaScript in QuickJS, in a thread of its own: it can neither hold up the simulation nor reach the host.

/** The most memory that a script can hold, bytes. */
const MEMORY_LIMIT = 512 * 1024 ** 2
/** The longest that a script may go on without giving anything else a turn, ms of the host's time. */
const TURN_LIMIT_MS = 10_000

const { shared, bootstrap, now } = workerData as SandboxData
const control = new Int32Array(shared, 0, 2)
const bytes = new Uint8Array(shared, 8)
const port = parentPort!
const post = (message: FromSandbox) => port.postMessage(message)

/** Asks the simulation and waits for its answer (JSON). */
function ask(name: string, args: string): string {
  Atomics.store(control, 0, 0)
  post({ kind: 'call', name, args })
  Atomics.wait(control, 0, 0)
  return Buffer.from(bytes.slice(0, control[1])).toString()
}

const quickjs = await getQuickJS()
const runtime: QuickJSRuntime = quickjs.newRuntime()
runtime.setMemoryLimit(MEMORY_LIMIT)
runtime.setMaxStackSize(1024 * 1024)
let deadline = Number.POSITIVE_INFINITY
runtime.setInterruptHandler(() => performance.now() > deadline)
const context: QuickJSContext = runtime.newContext()

function own(
  name: string,
  work: (...args: QuickJSHandle[]) => QuickJSHandle | { error: QuickJSHandle } | undefined,
) {
  context.newFunction(name, work).consume((handle) => context.setProp(hostObject, name, handle))
}

const hostObject = context.newObject()
context.setProp(context.global, '__host', hostObject)
own('call', (name, args) => context.newString(ask(context.getString(name), context.getString(args))))
own('send', (name, args) => {
  post({ kind: 'send', name: context.getString(name), args: context.getString(args) })
  return undefined
})
own('compile', (code, file) => {
  const result = context.evalCode(context.getString(code), context.getString(file))
  return result.error ? { error: result.error } : result.value
})
context.newObject().consume((exit) => context.setProp(hostObject, 'exit', exit))

function setTime(world: number): void {
  context.newNumber(world).consume((value) => context.setProp(hostObject, 'now', value))
  context.newNumber(Date.now()).consume((value) => context.setProp(hostObject, 'at', value))
}

/** One turn of the sandbox's event loop; tells what it cost. */
function turn(work: () => void): void {
  const began = performance.now()
  deadline = began + TURN_LIMIT_MS
  try {
    work()
    const jobs = runtime.executePendingJobs()
    if (jobs.error) post({ kind: 'failed', message: message(jobs.error) })
  } catch (error) {
    post({ kind: 'failed', message: (error as Error).message })
  }
  const cpuMs = performance.now() - began
  const usage = runtime.computeMemoryUsage()
  const memoryBytes = context
    .getProp(usage, 'memory_used_size')
    .consume((handle) => context.getNumber(handle))
  usage.dispose()
  post({ kind: 'turned', cpuMs, memoryBytes, exitCode: exitCode() })
}

function exitCode(): number {
  const result = context.evalCode('Number(globalThis.process?.exitCode) || 0')
  if (result.error) {
    result.error.dispose()
    return 0
  }
  return result.value.consume((handle) => context.getNumber(handle))
}

function message(error: QuickJSHandle): string {
  const value = context.dump(error)
  error.dispose()
  return typeof value === 'object' && value
    ? `${value.name}: ${value.message}\n${value.stack ?? ''}`.trimEnd()
    : String(value)
}

function callHost(name: string, ...args: string[]): void {
  const handles = args.map((arg) => context.newString(arg))
  const result = context
    .getProp(hostObject, name)
    .consume((work) => context.callFunction(work, context.undefined, ...handles))
  for (const handle of handles) handle.dispose()
  if (result.error) {
    const text = message(result.error)
    post({
      kind: 'failed',
      message: /interrupted/.test(text)
        ? `drydock: the script ran for ${TURN_LIMIT_MS / 1000} seconds without giving anything else a turn; such programs are not simulated`
        : text,
    })
  } else result.value.dispose()
}

port.on('message', ({ name, args, now: world }: ToSandbox) => {
  setTime(world)
  turn(() => callHost('event', name, args))
})

setTime(now)
turn(() => {
  const result = context.evalCode(bootstrap, 'node:bootstrap')
  if (result.error) throw new Error(message(result.error))
  result.value.dispose()
  callHost('start')
})
