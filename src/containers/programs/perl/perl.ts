import { Worker } from 'node:worker_threads'
import { contentSize, readContent } from '../../files/nodes.ts'
import { resolvePath } from '../../files/tree.ts'
import { readAll } from '../../processes/pipe.ts'
import type { Process, Program } from '../../processes/process.ts'
import { type PerlCommand, quoted, readCommand } from './command-line.ts'
import type { FromPerl, PerlRun } from './worker.ts'

/** What the interpreter itself holds in the container's memory, bytes. */
const RUNTIME_BYTES = 8 * 1024 ** 2
/** Bytes of files that a program finds. */
const FILES_BYTES = 16 * 1024 ** 2
/** How many run at a time in this process: each is a thread with some 150 MiB. The others wait, as on a busy machine. */
const MOST_RUNS = 2
const STDIN = '/.stdin'
/** How a program names its standard input. */
const READS_INPUT = /STDIN|<>|<<>>|readline|getc/

let running = 0
const waiting: (() => void)[] = []

/** Perl: programs run in Perl 5.42 (WebAssembly) without network and other processes, in a thread of its own. */
export const perl =
  (version: string): Program =>
  async (process) => {
    let command: PerlCommand
    try {
      command = readCommand(process.argv.slice(1))
    } catch (error) {
      await process.complain(`${(error as Error).message}\n`)
      return 29
    }
    if (command.version) {
      await process.print(
        `\nThis is perl 5, version ${version.split('.')[1]}, subversion ${version.split('.')[2]} (v${version}) built for x86_64-linux-gnu\n\nCopyright 1987-2025, Larry Wall\n`,
      )
      return 0
    }
    process.holdMemory(RUNTIME_BYTES)
    const run = await prepared(process, command)
    if (typeof run === 'string') {
      await process.complain(run)
      return 2
    }
    const mine = turn()
    try {
      await process.waitFor(mine)
      return await runInThread(process, run)
    } finally {
      // Who is killed while it waits gets its turn nevertheless, and passes it on.
      void mine.then(passOn)
    }
  }

async function turn(): Promise<void> {
  if (running < MOST_RUNS) running++
  else await new Promise<void>((resolve) => waiting.push(resolve))
}

function passOn(): void {
  const next = waiting.shift()
  if (next) next()
  else running--
}

/** What the thread is given, or what perl says when there is no such program. */
async function prepared(process: Process, command: PerlCommand): Promise<PerlRun | string> {
  const { cwd, machine } = process
  const found = new Map<string, Uint8Array>()
  let left = FILES_BYTES
  const take = async (path: string) => {
    const node = machine.files.find(path)
    if (node?.kind !== 'file' || found.has(path) || contentSize(node.content) > left) return
    left -= contentSize(node.content)
    found.set(path, await readContent(node.content))
  }
  const folders = new Set([cwd, '/tmp'])
  for (const word of [...(command.file ? [command.file] : []), ...command.args]) {
    const path = resolvePath(cwd, word)
    if (machine.files.find(path)?.kind === 'file') folders.add(path.replace(/\/[^/]*$/, '') || '/')
    await take(path)
  }
  for (const folder of folders)
    if (machine.files.find(folder)?.kind === 'directory')
      for (const name of machine.files.listSync(folder)) await take(resolvePath(folder, name))
  const readsProgram = command.code === undefined && command.file === undefined
  const path = command.file && resolvePath(cwd, command.file)
  const script = path === undefined ? undefined : found.get(path)
  if (path !== undefined && !script)
    return `Can't open perl script ${JSON.stringify(command.file)}: No such file or directory\n`
  const source = command.code ?? (script && Buffer.from(script).toString())
  // The thread cannot wait for more input: it is given all of it, when the program may read it.
  const reads =
    source === undefined || READS_INPUT.test(source) || (command.loops && command.args.length === 0)
  const input = reads ? await process.waitFor(readAll(process.stdin)) : Buffer.alloc(0)
  found.set(STDIN, readsProgram ? Buffer.alloc(0) : input)
  const text = source ?? input.toString()
  const name = command.code === undefined ? (command.file ?? '-') : '-e'
  // Its own way to standard input is the thread's, and leads nowhere.
  const files = command.args.length === 0 && (command.loops || /<>|<<>>/.test(text)) ? [STDIN] : command.args
  const begin = `BEGIN { chdir ${quoted(cwd)}; open(my $in, '<', '${STDIN}'); *STDIN = $in; $0 = ${quoted(name)}; $| = 1; my $ahead = ${Math.floor(machine.clock.now() / 1000)} - time; *CORE::GLOBAL::time = sub () { CORE::time() + $ahead } } ${command.before}`
  const program = command.around(`\n#line 1 ${JSON.stringify(name)}\n${text}`)
  return {
    program: command.checksOnly
      ? `${begin} sub { ${program}\n}; print STDERR ${quoted(`${name} syntax OK`)}, "\\n";`
      : `${begin} ${program}\n`,
    args: files,
    env: Object.fromEntries(process.env),
    files: found,
    folders: [...folders],
    unread: new Int32Array(new SharedArrayBuffer(4)),
  }
}

async function runInThread(process: Process, run: PerlRun): Promise<number> {
  process.check()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: run,
    env: {},
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  })
  const stop = () => void worker.terminate()
  process.signal.addEventListener('abort', stop, { once: true })
  let said = Promise.resolve()
  try {
    const end = await process.waitFor(
      new Promise<Extract<FromPerl, { kind: 'end' }>>((resolve, reject) => {
        worker.on('message', (message: FromPerl) => {
          if (message.kind === 'end') return resolve(message)
          const { bytes, isError } = message
          said = said
            .then(() => (isError ? process.complain(Buffer.from(bytes).toString()) : process.print(bytes)))
            .then(() => {
              Atomics.sub(run.unread, 0, bytes.length)
              Atomics.notify(run.unread, 0)
            })
          said.catch(reject)
        })
        worker.on('error', reject)
        worker.on('exit', () => reject(new Error('perl has ended')))
      }),
    )
    await said
    process.spend(end.cpuMs)
    if (end.error) await process.complain(end.error)
    for (const [path, bytes] of end.changed) process.machine.files.writeSync(path, bytes)
    return end.exitCode
  } finally {
    process.signal.removeEventListener('abort', stop)
    stop()
  }
}
