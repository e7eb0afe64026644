import { ZEROS } from '../files/pieces.ts'
import { FileError } from '../files/tree.ts'
import { Pace } from './pace.ts'
import { nothing, type Reader, type Writer } from './pipe.ts'
import type { Process } from './process.ts'

/** What one read of an endless device gives, bytes: as much as a pipe holds. */
const READ_BYTES = 64 * 1024

const ZERO_CHUNK = ZEROS.subarray(0, READ_BYTES)

/** Reads a device of `/dev` for a process; its own streams are its caller's affair. */
export function deviceReader(process: Process, name: string): Reader {
  if (name === 'zero' || name === 'full') return endless(process, () => ZERO_CHUNK)
  if (name.endsWith('random'))
    return endless(process, () => crypto.getRandomValues(new Uint8Array(READ_BYTES)))
  return nothing
}

/** Writes to a device of `/dev`. */
export const deviceWriter = (name: string): Writer =>
  name === 'full' ? { write: () => Promise.reject(new FileError('ENOSPC', 'write', '/dev/full')) } : nothing

function endless(process: Process, next: () => Uint8Array): Reader {
  const pace = new Pace(process)
  const back: Uint8Array[] = []
  return {
    async read() {
      const known = back.pop()
      if (known) return known
      await pace.made(READ_BYTES)
      return next()
    },
    unread: (bytes) => void (bytes.length > 0 && back.push(bytes)),
  }
}
