import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'

/** Bytes that are read from disk at once for somebody who takes a whole file. */
export const READ_AHEAD = 256 * 1024

/**
 * Writes a file's bytes `start` to `end` (inclusive) to what goes over a connection, and ends it. Throws when the file is
 * shorter or the other side has gone.
 *
 * The kernel's sockets, and TLS, have taken the bytes once they say so: two buffers serve in turn, at half the CPU of a stream,
 * which allocates each anew. A pair of streams in memory hands the buffer itself on, so there it may not be written again.
 */
export async function sendFile(
  path: string,
  { start, end }: { start: number; end: number },
  to: Writable,
  connection: unknown,
): Promise<void> {
  if (!(connection instanceof Socket)) {
    return pipeline(createReadStream(path, { start, end, highWaterMark: READ_AHEAD }), to)
  }
  const finish = finished(to)
  finish.catch(() => {
    // Thrown below, unless the file failed before.
  })
  const file = await open(path)
  try {
    await Promise.race([finish, writePieces(file, start, end, to)])
  } finally {
    await file.close()
  }
  to.end()
  await finish
}

async function writePieces(file: FileHandle, start: number, end: number, to: Writable): Promise<void> {
  const room = Math.min(READ_AHEAD, end - start + 1)
  const buffers = [Buffer.allocUnsafeSlow(room), Buffer.allocUnsafeSlow(room)]
  let taken: Promise<void> | undefined
  for (let at = start, turn = 0; at <= end; turn = 1 - turn) {
    const buffer = buffers[turn]!
    const [{ bytesRead }] = await Promise.all([file.read(buffer, 0, Math.min(room, end + 1 - at), at), taken])
    if (bytesRead === 0) throw new Error(`a file ends at ${at}, not at ${end + 1}`)
    at += bytesRead
    taken = write(to, buffer.subarray(0, bytesRead))
  }
  await taken
}

function write(to: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
