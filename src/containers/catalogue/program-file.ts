import { type FileNode, file } from '../files/nodes.ts'

/** What an executable of the catalogue is: which model runs it, and the version that it says. */
export interface ProgramMark {
  program: string
  version: string
}

const ELF = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0x3e, 0])
const MARK = 'drydock-program'

/** An executable that a simulated program runs: an ELF header and a line that names the program. */
export function programFile(program: string, version: string): FileNode {
  return file(Buffer.concat([ELF, Buffer.alloc(44), Buffer.from(`${MARK} ${program} ${version}\n`)]), {
    mode: 0o755,
  })
}

/** Reads the mark in an executable's first bytes; undefined when it has none. */
export function readProgramMark(head: Uint8Array): ProgramMark | undefined {
  const match = new RegExp(`${MARK} (\\S+) (\\S+)\\n`).exec(
    Buffer.from(head.subarray(0, 512)).toString('latin1'),
  )
  return match ? { program: match[1]!, version: match[2]! } : undefined
}

/** Whether the bytes begin like a compiled Linux program. */
export const isElf = (head: Uint8Array): boolean => ELF.subarray(0, 4).equals(head.subarray(0, 4))
