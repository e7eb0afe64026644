import type { TreeNode } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import { nodeSize } from '../processes/container-fs.ts'
import type { Process, Program } from '../processes/process.ts'
import { isBusybox } from './busybox.ts'
import { formatDate } from './date.ts'
import { modeText, type Owners, ownerNames } from './ls.ts'

const KINDS = { file: 'regular file', directory: 'directory', symlink: 'symbolic link' } as const
const TYPE_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const
const BLOCK = 4096
const SECTOR = 512

interface Subject {
  name: string
  node: TreeNode
  owners: Owners
}

const seconds = ({ mtime }: TreeNode) => String(Math.floor(mtime / 1000))
const readable = ({ mtime }: TreeNode) => formatDate(new Date(mtime), '%F %T.%N %z')
const kindOf = (node: TreeNode): string =>
  node.kind === 'device'
    ? { block: 'block special file', socket: 'socket', character: 'character special file' }[
        node.type ?? 'character'
      ]
    : node.kind === 'file' && nodeSize(node) === 0
      ? 'regular empty file'
      : KINDS[node.kind]
const typeBits = (node: TreeNode) =>
  node.kind === 'device'
    ? { block: 0o060000, socket: 0o140000, character: 0o020000 }[node.type ?? 'character']
    : TYPE_BITS[node.kind]

/** What a letter of a format stands for. A file has one time here; inodes and devices are not modelled and show as 0. */
const VALUES: Record<string, (subject: Subject) => string> = {
  a: ({ node }) => (node.mode & 0o7777).toString(8),
  A: ({ node }) => modeText(node),
  b: ({ node }) => String(Math.ceil(nodeSize(node) / BLOCK) * (BLOCK / SECTOR)),
  B: () => String(SECTOR),
  d: () => '0',
  D: () => '0',
  f: ({ node }) => (typeBits(node) | (node.mode & 0o7777)).toString(16),
  F: ({ node }) => kindOf(node),
  g: ({ node }) => String(node.gid),
  G: ({ node, owners }) => owners.groups.get(node.gid) ?? 'UNKNOWN',
  h: ({ node }) => (node.kind === 'directory' ? '2' : '1'),
  i: () => '0',
  n: ({ name }) => name,
  N: ({ name, node }) => (node.kind === 'symlink' ? `'${name}' -> '${node.target}'` : name),
  o: () => String(BLOCK),
  s: ({ node }) => String(nodeSize(node)),
  t: () => '0',
  T: () => '0',
  u: ({ node }) => String(node.uid),
  U: ({ node, owners }) => owners.users.get(node.uid) ?? 'UNKNOWN',
  w: () => '-',
  W: () => '0',
  x: ({ node }) => readable(node),
  X: ({ node }) => seconds(node),
  y: ({ node }) => readable(node),
  Y: ({ node }) => seconds(node),
  z: ({ node }) => readable(node),
  Z: ({ node }) => seconds(node),
}

const formatted = (format: string, subject: Subject): string =>
  format.replace(/%([-0-9.]*)([a-zA-Z%])/g, (whole, width: string, letter: string) => {
    if (letter === '%') return '%'
    const value = VALUES[letter]?.(subject)
    if (value === undefined) return whole
    const cells = Number(width.replace(/^-/, '') || 0)
    return width.startsWith('-')
      ? value.padEnd(cells)
      : value.padStart(cells, width.startsWith('0') ? '0' : ' ')
  })

function described(subject: Subject): string {
  const { name, node, owners } = subject
  const owner = (id: number, names: Map<number, string>) =>
    `(${String(id).padStart(5)}/${(names.get(id) ?? 'UNKNOWN').padStart(8)})`
  const link = node.kind === 'symlink' ? `'${name}' -> '${node.target}'` : name
  const size = String(nodeSize(node)).padEnd(15)
  const time = readable(node)
  return `  File: ${link}
  Size: ${size}\tBlocks: ${formatted('%b', subject).padEnd(10)} IO Block: ${BLOCK}   ${kindOf(node)}
Device: 0,0\tInode: 0           Links: ${formatted('%h', subject)}
Access: (${(node.mode & 0o7777).toString(8).padStart(4, '0')}/${modeText(node)})  Uid: ${owner(node.uid, owners.users)}   Gid: ${owner(node.gid, owners.groups)}
Access: ${time}
Modify: ${time}
Change: ${time}
`
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', '\\': '\\', '"': '"' }

/** The options: `-c FORMAT`, `--format`, `--printf`, `-L`. Undefined: an option that is not known. */
function optionsOf(
  words: string[],
): { follow: boolean; print: (subject: Subject) => string; paths: string[] } | string {
  let follow = false
  let print = described
  const paths: string[] = []
  while (words.length > 0) {
    const word = words.shift()!
    const long = /^--(format|printf)=(.*)$/s.exec(word)
    const short = /^-(L?)c(.*)$/s.exec(word)
    if (word === '-L' || word === '--dereference') follow = true
    else if (long?.[1] === 'printf') {
      const format = long[2]!.replace(/\\(.)/g, (whole, letter) => ESCAPES[letter] ?? whole)
      print = (subject) => formatted(format, subject)
    } else if (long || short) {
      if (short?.[1]) follow = true
      const format = long ? long[2]! : short![2] || (words.shift() ?? '')
      print = (subject) => `${formatted(format, subject)}\n`
    } else if (word === '--') paths.push(...words.splice(0))
    else if (/^-./.test(word)) return word
    else paths.push(word)
  }
  return { follow, print, paths }
}

/** `stat`, as GNU's: with the owners, modes and times of the container's files. */
export const stat: Program = async (process) => {
  const options = optionsOf(process.argv.slice(1))
  if (typeof options === 'string') {
    await process.complain(`stat: invalid option -- '${options.replace(/^-+/, '')[0] ?? ''}'\n`)
    return 1
  }
  if (options.paths.length === 0) {
    await process.complain("stat: missing operand\nTry 'stat --help' for more information.\n")
    return 1
  }
  const owners = await ownerNames(process)
  let status = 0
  for (const name of options.paths) {
    try {
      const node = nodeAt(process, name, options.follow)
      await process.print(options.print({ name, node, owners }))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      const why = isBusybox(process) ? "can't stat" : 'cannot statx'
      await process.complain(`stat: ${why} '${name}': ${error.reason}\n`)
      status = 1
    }
  }
  return status
}

const nodeAt = ({ files, cwd }: Process, name: string, follow: boolean): TreeNode =>
  files.node(resolvePath(cwd, name), 'stat', follow)
