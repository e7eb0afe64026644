import { ExecError } from '../processes/machine.ts'
import type { Process, Program } from '../processes/process.ts'
import { signalName } from '../processes/signals.ts'

const UNITS: Record<string, number> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1.5h` in ms, as coreutils and busybox read it. */
function duration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d*)?|\.\d+)([smhd]?)$/.exec(text)
  return match
    ? Number(match[1]) * UNITS[match[2]!]!
    : text === 'infinity' || text === 'inf'
      ? Number.POSITIVE_INFINITY
      : undefined
}

const sleep: Program = async (process) => {
  const words = process.argv.slice(1)
  if (words.length === 0) {
    await process.complain('sleep: missing operand\n')
    return 1
  }
  let total = 0
  for (const word of words) {
    const ms = duration(word)
    if (ms === undefined) {
      await process.complain(`sleep: invalid number '${word}'\n`)
      return 1
    }
    total += ms
  }
  if (!Number.isFinite(total)) await process.forever()
  await process.sleep(total)
  return 0
}

/** Runs another command with this one's streams. */
async function runCommand(process: Process, argv: string[], env = process.env): Promise<Process | number> {
  try {
    return await process.machine.spawn({
      parent: process,
      argv,
      env,
      cwd: process.cwd,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      tty: process.tty,
    })
  } catch (error) {
    if (!(error instanceof ExecError)) throw error
    const missing = error.code === 'not-found' || error.code === 'no-such-file'
    await process.complain(
      `${process.argv[0]}: can't execute '${argv[0]}': ${missing ? 'No such file or directory' : 'Permission denied'}\n`,
    )
    return missing ? 127 : 126
  }
}

async function finish(process: Process, child: Process | number): Promise<number> {
  if (typeof child === 'number') return child
  process.tty?.foreground.add(child)
  const { exitCode } = await process.waitFor(child.exited)
  process.tty?.foreground.delete(child)
  return exitCode
}

const env: Program = async (process) => {
  const words = process.argv.slice(1)
  let variables = new Map(process.env)
  while (/^-/.test(words[0] ?? '')) {
    const option = words.shift()!
    if (option === '-i' || option === '-') variables = new Map()
    else if (option === '-u') variables.delete(words.shift() ?? '')
  }
  while (/^[^=]+=/.test(words[0] ?? '')) {
    const [word] = words.splice(0, 1)
    variables.set(word!.slice(0, word!.indexOf('=')), word!.slice(word!.indexOf('=') + 1))
  }
  if (words.length > 0) return finish(process, await runCommand(process, words, variables))
  await process.print([...variables].map(([name, value]) => `${name}=${value}\n`).join(''))
  return 0
}

const timeout: Program = async (process) => {
  const words = process.argv.slice(1)
  let signal = 'SIGTERM'
  while (/^-/.test(words[0] ?? '')) {
    const option = words.shift()!
    if (option === '-s') signal = signalName(words.shift() ?? '') ?? signal
    else if (option === '-k') words.shift()
  }
  const ms = duration(words.shift() ?? '')
  if (ms === undefined || words.length === 0) {
    await process.complain('timeout: invalid time interval\n')
    return 125
  }
  const child = await runCommand(process, words)
  if (typeof child === 'number') return child
  let late = false
  const timer = process.machine.clock.setTimer(ms, () => {
    late = true
    child.kill(signal)
  })
  const { exitCode } = await process.waitFor(child.exited)
  timer.cancel()
  return late ? (process.machine.files.exists('/bin/busybox') ? 143 : 124) : exitCode
}

const watch: Program = async (process) => {
  const words = process.argv.slice(1)
  let interval = 2000
  if (words[0] === '-n') interval = Number(words.splice(0, 2)[1]) * 1000
  for (;;) {
    await process.print(`\x1b[H\x1b[JEvery ${interval / 1000}s: ${words.join(' ')}\n\n`)
    await finish(process, await runCommand(process, ['sh', '-c', words.join(' ')]))
    await process.sleep(interval)
  }
}

/** Utilities that wait, and that run other commands. */
export const COMMAND_UTILITIES: Record<string, Program> = {
  sleep,
  usleep: async (process) => {
    await process.sleep(Number(process.argv[1] ?? 0) / 1000)
    return 0
  },
  env,
  printenv: async (process) => {
    const names = process.argv.slice(1)
    if (names.length === 0) return env(process)
    const values = names.map((name) => process.env.get(name)).filter((value) => value !== undefined)
    await process.print(values.map((value) => `${value}\n`).join(''))
    return values.length === names.length ? 0 : 1
  },
  timeout,
  watch,
  nohup: async (process) => {
    process.on('SIGHUP', 'ignore')
    return finish(process, await runCommand(process, process.argv.slice(1)))
  },
  nice: async (process) =>
    finish(process, await runCommand(process, process.argv.slice(process.argv[1] === '-n' ? 3 : 1))),
}
