import { parentPort, workerData } from 'node:worker_threads'
import { MemoryFileSystem, ZeroPerl } from '@6over3/zeroperl-ts'

/** What a thread runs. */
export interface PerlRun {
  program: string
  args: string[]
  env: Record<string, string>
  /** By their absolute paths. */
  files: Map<string, Uint8Array>
  /** Folders whose new and changed files are told. */
  folders: string[]
  /** One number: bytes that were sent and that nobody has read yet. */
  unread: Int32Array<SharedArrayBuffer>
}

/** From the thread: what is printed as it comes, then the end. */
export type FromPerl =
  | { kind: 'print'; bytes: Uint8Array; isError: boolean }
  | { kind: 'end'; exitCode: number; error?: string; changed: Map<string, Uint8Array>; cpuMs: number }

/** Bytes that may wait for their reader before the program does. */
const AHEAD = 1024 * 1024

const { program, args, env, files, folders, unread } = workerData as PerlRun
const send = (message: FromPerl) => parentPort!.postMessage(message)
const bytesOf = (data: string | Uint8Array) =>
  typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)

/** Sends what is printed, when there is room: a program that prints without end goes on as fast as it is read. */
function print(data: string | Uint8Array, isError: boolean): void {
  for (let waits = Atomics.load(unread, 0); waits > AHEAD; waits = Atomics.load(unread, 0))
    Atomics.wait(unread, 0, waits)
  const bytes = bytesOf(data)
  Atomics.add(unread, 0, bytes.length)
  send({ kind: 'print', bytes, isError })
}

const fileSystem = new MemoryFileSystem({ '/': '/' })
for (const folder of folders) fileSystem.ensureDir(folder)
for (const [path, bytes] of files) fileSystem.addFile(path, bytes)
const perl = await ZeroPerl.create({
  env,
  fileSystem,
  stdout: (data) => print(data, false),
  stderr: (data) => print(data, true),
})
const { success, error, exitCode } = await perl.eval(program, args)
try {
  perl.flush()
} catch {
  // A program that has called exit() has flushed.
}
const changed = new Map<string, Uint8Array>()
for (const folder of folders) await collect(folder)
// Perl ends with 255 where a program dies, and with what exit() was given.
const code = exitCode === -1 ? 255 : exitCode
const { user, system } = process.threadCpuUsage()
send({
  kind: 'end',
  exitCode: success ? exitCode : code,
  ...(exitCode === -1 && error && { error }),
  changed,
  cpuMs: (user + system) / 1000,
})

async function collect(folder: string): Promise<void> {
  const node = fileSystem.lookup(folder)
  if (node?.type !== 'dir') return
  for (const name of Object.keys(node.entries)) {
    const inner = node.entries[name]
    if (inner?.type !== 'file') continue
    const path = `${folder === '/' ? '' : folder}/${name}`
    const bytes =
      inner.content instanceof Uint8Array ? inner.content : new Uint8Array(await inner.content.arrayBuffer())
    const before = files.get(path)
    if (!before || Buffer.compare(before, bytes) !== 0) changed.set(path, bytes)
  }
}
