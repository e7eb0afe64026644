import type { TreeNode } from '../files/nodes.ts'
import { FileError, resolvePath } from '../files/tree.ts'
import { nodeSize } from '../processes/container-fs.ts'
import type { Process, Program } from '../processes/process.ts'
import { lines } from '../processes/users.ts'
import { formatDate } from './date.ts'

/** Dates older than this show the year in place of the time, ms. */
const HALF_YEAR_MS = 182 * 86_400_000

interface Entry {
  name: string
  node: TreeNode
}

/** `ls`, with the owners and the clock of the container. */
export const ls: Program = async (process) => {
  const words = process.argv.slice(1)
  const letters = words.filter((word) => /^-[^-]/.test(word)).join('')
  // Numbers in place of names are for the long form.
  const has = (letter: string) => letters.includes(letter) || (letter === 'l' && letters.includes('n'))
  const paths = words.filter((word) => !/^-./.test(word))
  if (paths.length === 0) paths.push('.')
  const names = has('n') ? { users: new Map(), groups: new Map() } : await ownerNames(process)
  let status = 0
  const files: Entry[] = []
  const folders: { path: string; node: TreeNode }[] = []
  for (const path of paths) {
    const node = process.files.find(resolvePath(process.cwd, path), !(has('l') && !path.endsWith('/')))
    const target = process.files.find(resolvePath(process.cwd, path))
    if (!node) {
      await process.complain(`ls: ${path}: No such file or directory\n`)
      status = 1
    } else if (target?.kind === 'directory' && node.kind !== 'symlink' && !has('d'))
      folders.push({ path, node: target })
    else files.push({ name: path, node })
  }
  await process.print(listing(process, files, has, names))
  let first = files.length === 0
  const show = async (path: string, node: TreeNode) => {
    if (node.kind !== 'directory') return
    try {
      process.files.listSync(resolvePath(process.cwd, path))
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      await process.complain(`ls: can't open '${path}': ${error.reason}\n`)
      status = 1
      return
    }
    if (folders.length + files.length > 1 || has('R')) await process.print(`${first ? '' : '\n'}${path}:\n`)
    first = false
    let entries = [...node.children].map(([name, child]) => ({
      name,
      node: process.files.find(resolvePath(process.cwd, `${path}/${name}`), false) ?? child,
    }))
    if (!has('a') && !has('A')) entries = entries.filter(({ name }) => !name.startsWith('.'))
    if (has('a')) entries.push({ name: '.', node }, { name: '..', node })
    entries.sort(
      (a, b) =>
        (has('t') ? b.node.mtime - a.node.mtime : has('S') ? nodeSize(b.node) - nodeSize(a.node) : 0) ||
        (a.name < b.name ? -1 : 1),
    )
    if (has('r')) entries.reverse()
    const total = entries.reduce((sum, entry) => sum + blocks(entry.node), 0)
    await process.print((has('l') ? `total ${total}\n` : '') + listing(process, entries, has, names))
    if (has('R'))
      for (const entry of entries)
        if (entry.node.kind === 'directory' && !/^\.\.?$/.test(entry.name))
          await show(`${path}/${entry.name}`, entry.node)
  }
  for (const { path, node } of folders) await show(path, node)
  return status
}

const blocks = (node: TreeNode) =>
  node.kind === 'symlink' || node.kind === 'device' ? 0 : Math.ceil(nodeSize(node) / 4096) * 4

function listing(
  process: Process,
  entries: Entry[],
  has: (letter: string) => boolean,
  names: Owners,
): string {
  if (!has('l')) {
    const words = entries.map(
      ({ name, node }) => name + (has('F') || has('p') ? (node.kind === 'directory' ? '/' : '') : ''),
    )
    if (process.tty && !has('1')) return columns(words, process.tty.columns)
    return words.map((word) => `${word}\n`).join('')
  }
  const now = process.machine.clock.now()
  const rows = entries.map(({ name, node }) => {
    const recent = Math.abs(now - node.mtime) < HALF_YEAR_MS
    const size = has('h') ? human(nodeSize(node)) : String(nodeSize(node))
    const owner = names.users.get(node.uid) ?? String(node.uid)
    const group = names.groups.get(node.gid) ?? String(node.gid)
    const links = node.kind === 'directory' ? '2' : '1'
    const date = formatDate(new Date(node.mtime), recent ? '%b %e %H:%M' : '%b %e  %Y')
    const target = node.kind === 'symlink' ? ` -> ${node.target}` : ''
    return `${modeText(node)} ${links.padStart(4)} ${owner.padEnd(8)} ${group.padEnd(8)} ${size.padStart(9)} ${date} ${name}${target}\n`
  })
  return rows.join('')
}

function columns(words: string[], width: number): string {
  if (words.length === 0) return ''
  const cell = Math.max(...words.map(({ length }) => length)) + 2
  const count = Math.max(1, Math.floor(width / cell))
  const rows = Math.ceil(words.length / count)
  return Array.from(
    { length: rows },
    (_, row) =>
      `${Array.from({ length: count }, (_, column) => words[column * rows + row] ?? '')
        .map((word) => word.padEnd(cell))
        .join('')
        .trimEnd()}\n`,
  ).join('')
}

export function modeText(node: TreeNode): string {
  const kind =
    node.kind === 'device'
      ? { block: 'b', socket: 's', character: 'c' }[node.type ?? 'character']
      : { file: '-', directory: 'd', symlink: 'l' }[node.kind]
  const bits = [...'rwxrwxrwx'].map((letter, index) => (node.mode & (1 << (8 - index)) ? letter : '-'))
  if (node.mode & 0o4000) bits[2] = bits[2] === 'x' ? 's' : 'S'
  if (node.mode & 0o2000) bits[5] = bits[5] === 'x' ? 's' : 'S'
  if (node.mode & 0o1000) bits[8] = bits[8] === 'x' ? 't' : 'T'
  return kind + bits.join('')
}

const human = (size: number) =>
  size < 1024
    ? String(size)
    : size < 1024 ** 2
      ? `${(size / 1024).toFixed(1)}K`
      : `${(size / 1024 ** 2).toFixed(1)}M`

export interface Owners {
  users: Map<number, string>
  groups: Map<number, string>
}

export async function ownerNames(process: Process): Promise<Owners> {
  const read = async (path: string) =>
    new Map((await lines(process.files, path)).map((fields) => [Number(fields[2]), fields[0]!]))
  return { users: await read('/etc/passwd'), groups: await read('/etc/group') }
}
