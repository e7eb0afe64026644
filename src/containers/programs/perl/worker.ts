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
}

/** From the thread: what is printed as it comes, then the end. */
export type FromPerl =
  | { kind: 'print'; bytes: Uint8Array; isError: boolean }
  | { kind: 'end'; exitCode: number; error?: string; changed: Map<string, Uint8Array>; cpuMs: number }

const { program, args, env, files, folders } = workerData as PerlRun
const send = (message: FromPerl) => parentPort!.postMessage(message)
const bytesOf = (data: string | Uint8Array) =>
  typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data)

const fileSystem = new MemoryFileSystem({ '/': '/' })
for (const folder of folders) fileSystem.ensureDir(folder)
for (const [path, bytes] of files) fileSystem.addFile(path, bytes)
const perl = await ZeroPerl.create({
  env,
  fileSystem,
  stdout: (data) => send({ kind: 'print', bytes: bytesOf(data), isError: false }),
  stderr: (data) => send({ kind: 'print', bytes: bytesOf(data), isError: true }),
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
send({
  kind: 'end',
  exitCode: success ? exitCode : code,
  ...(exitCode === -1 && error && { error }),
  changed,
  cpuMs: process.cpuUsage().user / 1000,
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
