import { contentSize, type MemoryContent } from './nodes.ts'
import { FileError } from './tree.ts'

/** What the simulation keeps of a volume, whatever its size: it is written down as a whole, zeros included. bytes */
const ROOM_BYTES = 32 * 1024 * 1024

/** Counts what a volume that is kept on disk holds. */
export class VolumeRoom {
  #used = 0

  /** A file's content takes another's place. Throws FileError when the volume is full. */
  replace(old: MemoryContent | undefined, content: MemoryContent | undefined): void {
    const more = (content ? contentSize(content) : 0) - (old ? contentSize(old) : 0)
    if (more > 0 && this.#used + more > ROOM_BYTES) throw new FileError('ENOSPC', 'write', '/')
    this.#used += more
  }
}
