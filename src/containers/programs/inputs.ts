import { streamContent } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import { deviceReader } from '../processes/devices.ts'
import { type Reader, readerOfStream } from '../processes/pipe.ts'
import type { Process } from '../processes/process.ts'

/** A file, device or standard input (`-`) as a program reads it. Throws FileError. */
export function openInput(process: Process, name: string): Reader {
  if (name === '-' || name === '/dev/stdin') return process.stdin
  const path = resolvePath(process.cwd, name)
  const node = process.files.node(path, 'open')
  if (node.kind === 'device') return deviceReader(process, node.name)
  if (node.kind !== 'file') throw new FileError('EISDIR', 'read', path)
  return readerOfStream(streamContent(process.files.content(path)))
}

/** Everything that a program reads, chunk by chunk. */
export async function* chunksOf(process: Process, reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk = await process.waitFor(reader.read())
    if (!chunk) return
    yield chunk
  }
}

/** How many newlines there are in bytes. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  c: 1,
  w: 2,
  b: 512,
  k: 1024,
  K: 1024,
  kB: 1000,
  M: 1024 ** 2,
  MB: 1000 ** 2,
  G: 1024 ** 3,
  GB: 1000 ** 3,
  T: 1024 ** 4,
}

/** `200M`, `4k` in bytes; undefined: no such size. */
export function sizeOf(text: string): number | undefined {
  const match = /^(\d+)([a-zA-Z]*)$/.exec(text.replace(/iB$/, ''))
  const unit = match && UNITS[match[2]!]
  return unit ? Number(match[1]) * unit : undefined
}
