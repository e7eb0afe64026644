import { streamContent } from '../files/nodes.ts'
import { FileError } from '../files/tree.ts'
import { deviceReader, deviceWriter } from '../processes/devices.ts'
import { nothing, readerOf, readerOfStream, type Writer } from '../processes/pipe.ts'
import { expandString } from './expand.ts'
import type { Shell } from './shell.ts'
import type { Descriptor, Descriptors } from './state.ts'
import type { Redirection } from './syntax.ts'

/** Why a file could not be opened, in the shell's words. */
class RedirectionError extends Error {
  override readonly name = 'RedirectionError'
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** The descriptors after some redirections. Throws an error with a `code` and the shell's text. */
export async function openRedirections(
  shell: Shell,
  redirections: readonly Redirection[],
  io: Descriptors,
): Promise<Descriptors> {
  if (redirections.length === 0) return io
  const result = new Map(io)
  for (const redirection of redirections) await openOne(shell, redirection, result)
  return result
}

async function openOne(shell: Shell, { fd, operator, target }: Redirection, io: Descriptors): Promise<void> {
  if (target.type === 'HereDoc') {
    const text = await expandString(shell, target.content)
    const body = target.stripTabs ? text.replace(/^\t+/gm, '') : text
    io.set(fd ?? 0, { reader: readerOf(Buffer.from(body)) })
    return
  }
  const word = await expandString(shell, target)
  switch (operator) {
    case '<<<':
      io.set(fd ?? 0, { reader: readerOf(Buffer.from(`${word}\n`)) })
      return
    case '>&':
    case '<&': {
      const from = fd ?? (operator === '>&' ? 1 : 0)
      if (word === '-') io.delete(from)
      else if (/^\d+$/.test(word)) {
        const known = io.get(Number(word))
        if (!known) throw new RedirectionError('EBADF', `${word}: Bad file descriptor`)
        io.set(from, known)
      } else {
        const descriptor = { writer: openForWriting(shell, word, false, io) }
        io.set(1, descriptor)
        io.set(2, descriptor)
      }
      return
    }
    case '&>':
    case '&>>': {
      const descriptor = { writer: openForWriting(shell, word, operator === '&>>', io) }
      io.set(1, descriptor)
      io.set(2, descriptor)
      return
    }
    case '<':
      io.set(fd ?? 0, openForReading(shell, word, io))
      return
    case '<>':
      if (!shell.files.exists(shell.resolve(word))) openForWriting(shell, word, true, io)
      io.set(fd ?? 0, { ...openForReading(shell, word, io), writer: openForWriting(shell, word, true, io) })
      return
    default:
      io.set(fd ?? 1, { writer: openForWriting(shell, word, operator === '>>', io) })
  }
}

function openForReading(shell: Shell, word: string, io: Descriptors): Descriptor {
  const path = shell.resolve(word)
  const node = shell.files.find(path)
  if (!node) throw new RedirectionError('ENOENT', cannotOpen(shell, word))
  if (node.kind === 'device') {
    if (node.name === 'stdin' || node.name === 'tty') return io.get(0) ?? { reader: nothing }
    return { reader: deviceReader(shell.process, node.name) }
  }
  if (node.kind !== 'file') throw new RedirectionError('EISDIR', `${word}: Is a directory`)
  return { reader: readerOfStream(streamContent(contentFor(shell, path, word))) }
}

/** Writes of one open file, in order. */
function openForWriting(shell: Shell, word: string, append: boolean, io: Descriptors): Writer {
  const path = shell.resolve(word)
  const node = shell.files.find(path)
  if (node?.kind === 'device') {
    if (node.name === 'stdout' || node.name === 'tty') return io.get(1)?.writer ?? nothing
    return node.name === 'stderr' ? (io.get(2)?.writer ?? nothing) : deviceWriter(node.name)
  }
  const standard = /^\/proc\/(?:1|self)\/fd\/([12])$/.exec(path)
  if (standard)
    return shell.process.machine.processes.get(1)?.[standard[1] === '1' ? 'stdout' : 'stderr'] ?? nothing
  try {
    if (!append || !node) shell.files.writeSync(path, new Uint8Array())
    else shell.files.requireWrite(path)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    const reason = {
      EISDIR: 'Is a directory',
      EROFS: 'Read-only file system',
      ENOTDIR: 'Not a directory',
      EACCES: 'Permission denied',
    }[error.code]
    throw new RedirectionError(
      error.code,
      reason ? cannotCreate(shell, word, reason) : cannotCreate(shell, word, undefined),
    )
  }
  return { write: (bytes) => shell.files.append(path, bytes) }
}

/** Throws RedirectionError when the user may not read it. */
function contentFor(shell: Shell, path: string, word: string) {
  try {
    return shell.files.content(path)
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    throw new RedirectionError(
      error.code,
      `${shell.dialect.bash ? word : `can't open ${word}`}: ${error.reason}`,
    )
  }
}

const cannotOpen = (shell: Shell, word: string) =>
  shell.dialect.bash
    ? `${word}: No such file or directory`
    : shell.dialect.kind === 'dash'
      ? `cannot open ${word}: No such file`
      : `can't open ${word}: no such file`

const cannotCreate = (shell: Shell, word: string, reason: string | undefined) =>
  shell.dialect.bash
    ? `${word}: ${reason ?? 'No such file or directory'}`
    : shell.dialect.kind === 'dash'
      ? `cannot create ${word}: ${reason ?? 'Directory nonexistent'}`
      : `can't create ${word}: ${reason ?? 'nonexistent directory'}`
