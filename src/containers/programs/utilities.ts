import { contentSize, streamContent } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import { ExecError } from '../processes/machine.ts'
import { readLine } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { SIGNALS, signalName } from '../processes/signals.ts'
import { formatDate } from './date.ts'
import { ls } from './ls.ts'
import { NETWORK_UTILITIES } from './network-tools.ts'

const UNITS: Record<string, number> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

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

/** Copies a reader to standard output as it comes. */
async function pump(process: Process): Promise<void> {
  for (let chunk = await process.read(); chunk; chunk = await process.read()) await process.print(chunk)
}

/** Gives the bytes of a file, or complains and gives undefined. */
async function open(process: Process, command: string, name: string) {
  const node = process.machine.files.find(resolvePath(process.cwd, name))
  if (node?.kind === 'file') return node.content
  if (node?.kind === 'device') return new Uint8Array()
  const reason = node
    ? command === 'cat'
      ? 'read error: Is a directory'
      : 'Is a directory'
    : 'No such file or directory'
  await process.complain(node ? `${command}: ${reason}\n` : `${command}: can't open '${name}': ${reason}\n`)
  return undefined
}

const cat: Program = async (process) => {
  const files = process.argv.slice(1).filter((word) => word === '-' || !word.startsWith('-'))
  if (process.argv.slice(1).some((word) => word !== '-' && word.startsWith('-') && word !== '-u')) {
    const { libraryUtility } = await import('./library.ts')
    return libraryUtility('cat')!(process)
  }
  if (files.length === 0) files.push('-')
  let status = 0
  for (const name of files) {
    if (name === '-' || name === '/dev/stdin') {
      await pump(process)
      continue
    }
    const content = await open(process, 'cat', name)
    if (!content) status = 1
    else for await (const chunk of streamContent(content)) await process.print(chunk)
  }
  return status
}

const head: Program = async (process) => {
  const { count, bytes, files } = lineOptions(process.argv.slice(1))
  if (files.length > 0 || bytes !== undefined || count < 0) {
    const { libraryUtility } = await import('./library.ts')
    return libraryUtility('head')!(process)
  }
  for (let n = 0; n < count; n++) {
    const got = await process.waitFor(readLine(process.stdin))
    if (!got) break
    await process.print(got.newline ? `${got.line}\n` : got.line)
  }
  return 0
}

function lineOptions(args: readonly string[]) {
  const files: string[] = []
  let count = 10
  let bytes: number | undefined
  let follow = false
  const words = [...args]
  while (words.length > 0) {
    const word = words.shift()!
    if (/^-\d+$/.test(word)) count = Number(word.slice(1))
    else if (word === '-n') count = Number(words.shift())
    else if (/^-n[+-]?\d+$/.test(word)) count = Number(word.slice(2))
    else if (word === '-c') bytes = Number(words.shift())
    else if (word === '-f' || word === '-F' || word === '--follow') follow = true
    else if (/^-\d*f$/.test(word)) follow = true
    else files.push(word)
  }
  return { count, bytes, follow, files }
}

/** How often `tail -f` looks again, as busybox does, ms. */
const TAIL_INTERVAL_MS = 1000

const tail: Program = async (process) => {
  const { count, files, follow } = lineOptions(process.argv.slice(1))
  if (!follow) {
    const { libraryUtility } = await import('./library.ts')
    return libraryUtility('tail')!(process)
  }
  if (files.length === 0) {
    await pump(process)
    return 0
  }
  const name = files[0]!
  const path = resolvePath(process.cwd, name)
  if (process.machine.files.find(path)?.kind === 'device') return process.forever()
  const content = await open(process, 'tail', name)
  if (!content) return 1
  const text = Buffer.from(await process.machine.files.read(path)).toString('latin1')
  const lines = text.split('\n')
  const skip = Math.max(0, lines.length - (text.endsWith('\n') ? 1 : 0) - count)
  await process.print(Buffer.from(lines.slice(skip).join('\n'), 'latin1'))
  let position = contentSize(content)
  for (;;) {
    await process.sleep(TAIL_INTERVAL_MS)
    const node = process.machine.files.find(path)
    if (node?.kind !== 'file') continue
    const size = contentSize(node.content)
    if (size < position) position = 0
    for await (const chunk of streamContent(node.content, position, size)) await process.print(chunk)
    position = size
  }
}

const tee: Program = async (process) => {
  const append = process.argv.includes('-a')
  const paths = process.argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((name) => resolvePath(process.cwd, name))
  if (!append) for (const path of paths) process.machine.files.writeSync(path, new Uint8Array())
  for (let chunk = await process.read(); chunk; chunk = await process.read()) {
    await process.print(chunk)
    for (const path of paths) await process.machine.files.append(path, chunk)
  }
  return 0
}

const yes: Program = async (process) => {
  const line = `${process.argv.slice(1).join(' ') || 'y'}\n`
  const { clock } = process.machine
  for (;;) {
    const since = clock.now()
    await process.print(line.repeat(64))
    await new Promise((resolve) => setImmediate(resolve))
    process.machine.spend(clock.now() - since)
  }
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

const kill: Program = async (process) => {
  let signal = 'SIGTERM'
  const words = process.argv.slice(1)
  if (words[0] === '-l') {
    await process.print(
      `${Object.keys(SIGNALS)
        .map((name) => name.slice(3))
        .join('\n')}\n`,
    )
    return 0
  }
  if (words[0] === '-s') signal = signalName(words.splice(0, 2)[1] ?? '') ?? signal
  else if (/^-/.test(words[0] ?? '')) signal = signalName(words.shift()!.slice(1)) ?? signal
  let status = 0
  for (const word of words) {
    const target = process.machine.processes.get(Number(word))
    if (target) target.kill(signal)
    else {
      await process.complain(`kill: can't kill pid ${word}: No such process\n`)
      status = 1
    }
  }
  return status
}

const named = (process: Process, name: string) =>
  [...process.machine.processes.values()].filter(
    (other) => other !== process && (other.argv[0]?.replace(/^.*\//, '').replace(/:.*$/, '') ?? '') === name,
  )

const killall: Program = async (process) => {
  let signal = 'SIGTERM'
  const words = process.argv.slice(1)
  if (/^-/.test(words[0] ?? '')) signal = signalName(words.shift()!.slice(1)) ?? signal
  const targets = words.flatMap((word) => named(process, word))
  if (targets.length === 0) {
    await process.complain(`${process.argv[0]}: ${words[0]}: no process killed\n`)
    return 1
  }
  for (const target of targets) target.kill(signal)
  return 0
}

const ps: Program = async (process) => {
  const rows = [...process.machine.processes.values()].map((other) => {
    const seconds = Math.floor((process.machine.clock.now() - other.startedAt) / 1000)
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    return `${String(other.pid).padStart(5)} ${process.machine.user.name.padEnd(8)} ${time.padStart(5)} ${other.argv.join(' ')}\n`
  })
  await process.print(`PID   USER     TIME  COMMAND\n${rows.join('')}`)
  return 0
}

const id: Program = async (process) => {
  const { uid, gid, name } = process.machine.user
  const option = process.argv[1] ?? ''
  const group = gid === 0 ? 'root' : name
  const text =
    option === '-u'
      ? String(uid)
      : option === '-g'
        ? String(gid)
        : option === '-un' || option === '-nu'
          ? name
          : `uid=${uid}(${name}) gid=${gid}(${group}) groups=${gid}(${group})`
  await process.print(`${text}\n`)
  return 0
}

/** Release of the kernel on EKS nodes with Amazon Linux 2023, November 2025. */
export const KERNEL = '6.12.55-74.119.amzn2023.x86_64'

const uname: Program = async (process) => {
  const parts: Record<string, string> = {
    s: 'Linux',
    n: process.machine.hostname,
    r: KERNEL,
    v: '#1 SMP PREEMPT_DYNAMIC',
    m: 'x86_64',
    o: 'GNU/Linux',
  }
  const letters = process.argv.slice(1).join('').replace(/-/g, '') || 's'
  const wanted = letters.includes('a') ? 'snrvmo' : letters
  await process.print(
    `${[...'snrvmo']
      .filter((letter) => wanted.includes(letter))
      .map((letter) => parts[letter])
      .join(' ')}\n`,
  )
  return 0
}

const date: Program = async (process) => {
  const words = process.argv.slice(1)
  const format = words.find((word) => word.startsWith('+'))?.slice(1)
  const now = new Date(process.machine.clock.now())
  const iso = words.includes('-I')
    ? '%Y-%m-%d'
    : words.includes('-Iseconds')
      ? '%Y-%m-%dT%H:%M:%S+00:00'
      : undefined
  const rfc = words.includes('-R') ? '%a, %d %b %Y %H:%M:%S +0000' : undefined
  await process.print(`${formatDate(now, format ?? iso ?? rfc ?? '%a %b %e %H:%M:%S UTC %Y')}\n`)
  return 0
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

const say =
  (text: (process: Process) => string): Program =>
  async (process) => {
    await process.print(`${text(process)}\n`)
    return 0
  }

const chown: Program = async (process) => {
  const [owner = '', ...paths] = process.argv.slice(1).filter((word) => !word.startsWith('-'))
  const [user, group] = owner.split(/[:.]/)
  const { lines } = await import('../processes/users.ts')
  const find = async (file: string, name: string | undefined) =>
    name === undefined || name === '' || /^\d+$/.test(name)
      ? Number(name || 0)
      : Number((await lines(process.machine.files, file)).find((fields) => fields[0] === name)?.[2])
  const uid = await find('/etc/passwd', user)
  const gid = await find('/etc/group', group)
  if (Number.isNaN(uid) || Number.isNaN(gid)) {
    await process.complain(`chown: unknown user/group ${owner}\n`)
    return 1
  }
  const recursive = process.argv.includes('-R')
  const apply = (path: string) => {
    process.machine.files.change(path, { ...(user ? { uid } : {}), ...(group ? { gid } : {}) })
    const node = process.machine.files.find(path)
    if (recursive && node?.kind === 'directory')
      for (const name of node.children.keys()) apply(`${path}/${name}`)
  }
  for (const path of paths) {
    const real = resolvePath(process.cwd, path)
    if (!process.machine.files.exists(real)) {
      await process.complain(`chown: ${path}: No such file or directory\n`)
      return 1
    }
    apply(real)
  }
  return 0
}

/** Programs that stream, wait, or show the world's own state; the others are just-bash's. */
export const UTILITIES: Record<string, Program> = {
  ...NETWORK_UTILITIES,
  ls,
  sleep,
  usleep: async (process) => {
    await process.sleep(Number(process.argv[1] ?? 0) / 1000)
    return 0
  },
  cat,
  head,
  tail,
  tee,
  yes,
  env,
  printenv: async (process) => {
    const names = process.argv.slice(1)
    if (names.length === 0) return env(process)
    const values = names.map((name) => process.env.get(name)).filter((value) => value !== undefined)
    await process.print(values.map((value) => `${value}\n`).join(''))
    return values.length === names.length ? 0 : 1
  },
  timeout,
  nohup: async (process) => {
    process.on('SIGHUP', 'ignore')
    return finish(process, await runCommand(process, process.argv.slice(1)))
  },
  nice: async (process) =>
    finish(process, await runCommand(process, process.argv.slice(process.argv[1] === '-n' ? 3 : 1))),
  kill,
  killall,
  pkill: killall,
  pidof: async (process) => {
    const found = process.argv.slice(1).flatMap((word) => named(process, word))
    if (found.length > 0) await process.print(`${found.map(({ pid }) => pid).join(' ')}\n`)
    return found.length > 0 ? 0 : 1
  },
  pgrep: async (process) => {
    const found = named(process, process.argv.at(-1) ?? '')
    await process.print(found.map(({ pid }) => `${pid}\n`).join(''))
    return found.length > 0 ? 0 : 1
  },
  ps,
  id,
  uname,
  date,
  watch,
  chown,
  chgrp: async () => 0,
  sync: async () => 0,
  hostname: say((process) => (process.argv[1] === '-i' ? process.machine.address : process.machine.hostname)),
  whoami: say((process) => process.machine.user.name),
  nproc: say(() => '2'),
  arch: say(() => 'x86_64'),
  tty: say((process) => (process.tty ? '/dev/pts/0' : 'not a tty')),
  true: async () => 0,
  false: async () => 1,
  mktemp: async (process) => {
    const folder = process.argv.includes('-d')
    const path = `/tmp/tmp.${crypto.randomUUID().slice(0, 6)}`
    if (folder) process.machine.files.makeFolder(path, { mode: 0o700 })
    else process.machine.files.writeSync(path, new Uint8Array(), 0o600)
    await process.print(`${path}\n`)
    return 0
  },
  free: say((process) => {
    const total = Math.floor((process.machine.memoryLimitBytes ?? 4 * 1024 ** 3) / 1024)
    const used = process.machine.processes.size * 3072
    return `              total        used        free      shared  buff/cache   available\nMem:     ${String(total).padStart(10)}  ${String(used).padStart(10)}  ${String(total - used).padStart(10)}           0           0  ${String(total - used).padStart(10)}\nSwap:             0           0           0`
  }),
  df: say(
    () =>
      'Filesystem           1K-blocks      Used Available Use% Mounted on\noverlay               20959212   4193452  16765760  20% /',
  ),
}
