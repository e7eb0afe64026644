import { createHash } from 'node:crypto'
import { FileError } from '../files/tree.ts'
import type { Program } from '../processes/process.ts'
import { chunksOf, openInput } from './inputs.ts'
import { libraryUtility } from './library.ts'

/** `sha256sum` and its kin: the digest of what streams by. */
const checksum =
  (name: string, algorithm: string): Program =>
  async (process) => {
    const words = process.argv.slice(1)
    if (words.some((word) => /^-./.test(word))) return libraryUtility(name)!(process)
    let status = 0
    for (const word of words.length > 0 ? words : ['-']) {
      try {
        const hash = createHash(algorithm)
        for await (const chunk of chunksOf(process, openInput(process, word))) hash.update(chunk)
        await process.print(`${hash.digest('hex')}  ${word}\n`)
      } catch (error) {
        if (!(error instanceof FileError)) throw error
        await process.complain(`${name}: ${word}: ${error.reason}\n`)
        status = 1
      }
    }
    return status
  }

export const CHECKSUMS: Record<string, Program> = {
  md5sum: checksum('md5sum', 'md5'),
  sha1sum: checksum('sha1sum', 'sha1'),
  sha256sum: checksum('sha256sum', 'sha256'),
  sha512sum: checksum('sha512sum', 'sha512'),
}
