import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { nodeTar } from '../files/layers.ts'
import { tarEnd } from '../files/tar.ts'
import { resolvePath } from '../files/tree.ts'
import { nothing } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { isBusybox } from './busybox.ts'
import { libraryUtility } from './library.ts'

/** What busybox's and GNU's tar say, and how they end when something was missing. */
const WORDS = {
  busybox: {
    removing: "tar: removing leading '/' from member names",
    missing: 'No such file or directory',
    farewell: 'tar: error exit delayed from previous errors',
    failure: 1,
    record: 512,
  },
  gnu: {
    removing: "tar: Removing leading `/' from member names",
    missing: 'Cannot stat: No such file or directory',
    farewell: 'tar: Exiting with failure status due to previous errors',
    failure: 2,
    /** An archive is a multiple of so many bytes long. */
    record: 10_240,
  },
}

/** What `tar c` is asked for. */
interface Creation {
  /** `-`: standard output. */
  archive: string
  gzip: boolean
  verbose: boolean
  /** Names with the folder that each is looked for in. */
  members: { name: string; folder: string }[]
}

/** `tar`: makes archives itself, with owners, modes and times; lists and extracts with just-bash. */
export const tar: Program = async (process) => {
  const creation = parseCreation(process.argv.slice(1), process.cwd)
  if (!creation) {
    if (namesArchive(process.argv.slice(1))) process.stdin = nothing
    return libraryUtility('tar')!(process)
  }
  const { archive, gzip } = creation
  const outcome = { status: 0 }
  const plain = Readable.from(write(process, creation, outcome), { objectMode: false })
  const stream = gzip ? plain.pipe(createGzip()) : plain
  if (archive === '-') for await (const chunk of stream) await process.print(chunk)
  else {
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(chunk)
    process.files.writeSync(resolvePath(process.cwd, archive), Buffer.concat(chunks))
  }
  return outcome.status
}

/** Whether an archive is read from a file and not from standard input. */
function namesArchive(args: readonly string[]): boolean {
  const at = args.findIndex((word, index) => (index === 0 ? /^-?[^-]*f/ : /^-[^-]*f/).test(word))
  const name = args[at + 1]
  return args.some((word) => word.startsWith('--file=')) || (at !== -1 && name !== undefined && name !== '-')
}

/** Undefined for everything but the plain creation of an archive. */
function parseCreation(args: readonly string[], cwd: string): Creation | undefined {
  const words = [...args]
  if (words[0] && !words[0].startsWith('-')) words[0] = `-${words[0]}`
  const creation: Creation = { archive: '-', gzip: false, verbose: false, members: [] }
  let creates = false
  let folder = cwd
  while (words.length > 0) {
    const word = words.shift()!
    if (!/^-./.test(word)) {
      creation.members.push({ name: word, folder })
      continue
    }
    if (/[^-cfzvCph]/.test(word) || word.startsWith('--')) return undefined
    for (const letter of word.slice(1)) {
      if (letter === 'c') creates = true
      else if (letter === 'z') creation.gzip = true
      else if (letter === 'v') creation.verbose = true
      else if (letter === 'f') creation.archive = words.shift() ?? '-'
      else if (letter === 'C') folder = resolvePath(folder, words.shift() ?? '')
    }
  }
  return creates && creation.members.length > 0 ? creation : undefined
}

async function* write(
  process: Process,
  { archive, verbose, members }: Creation,
  outcome: { status: number },
): AsyncGenerator<Uint8Array> {
  const { files } = process.machine
  const kind = isBusybox(process) ? 'busybox' : 'gnu'
  const words = WORDS[kind]
  let written = 0
  const shown = (name: string) =>
    archive === '-' ? process.complain(`${name}\n`) : process.print(`${name}\n`)
  async function* member(path: string, name: string): AsyncGenerator<Uint8Array> {
    const node = files.find(path, false)
    if (!node) return
    if (verbose) await shown(node.kind === 'directory' ? `${name}/` : name)
    yield* nodeTar(name, node)
    if (node.kind !== 'directory') return
    for (const child of files.listSync(path)) yield* member(`${path}/${child}`, `${name}/${child}`)
  }
  let told = false
  for (const { name, folder } of members) {
    const path = resolvePath(folder, name)
    // A name that leads to the root or above it would write over the reader's own files.
    const inside = name.replace(/^\/+/, '').replace(/\/+$/, '')
    const exists = files.find(path, false) !== undefined
    if (inside !== name.replace(/\/+$/, '') && !told && (exists || kind === 'gnu')) {
      told = true
      await process.complain(`${words.removing}\n`)
    }
    if (!exists) {
      await process.complain(`tar: ${name}: ${words.missing}\n`)
      outcome.status = words.failure
      continue
    }
    for await (const chunk of member(path, inside || '.')) {
      written += chunk.length
      yield chunk
    }
  }
  const end = tarEnd()
  yield end
  const over = (written + end.length) % words.record
  if (over > 0) yield Buffer.alloc(words.record - over)
  if (outcome.status !== 0) await process.complain(`${words.farewell}\n`)
}
