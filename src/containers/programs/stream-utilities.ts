import { contentSize, streamContent } from '../files/nodes.ts'
import { resolvePath } from '../files/tree.ts'
import { readLine } from '../processes/pipe.ts'
import type { Process, Program } from '../processes/process.ts'
import { libraryUtility } from './library.ts'

/** Copies a reader to standard output as it comes. */
async function pump(process: Process): Promise<void> {
  for (let chunk = await process.read(); chunk; chunk = await process.read()) await process.print(chunk)
}

/** Gives the bytes of a file, or complains and gives undefined. */
async function open(process: Process, command: string, name: string) {
  const node = process.machine.files.find(resolvePath(process.cwd, name))
  if (node?.kind === 'file') return node.content
  if (node?.kind === 'device') return new Uint8Array()
  const reason = node
    ? command === 'cat'
      ? 'read error: Is a directory'
      : 'Is a directory'
    : 'No such file or directory'
  await process.complain(node ? `${command}: ${reason}\n` : `${command}: can't open '${name}': ${reason}\n`)
  return undefined
}

const cat: Program = async (process) => {
  const files = process.argv.slice(1).filter((word) => word === '-' || !word.startsWith('-'))
  if (process.argv.slice(1).some((word) => word !== '-' && word.startsWith('-') && word !== '-u')) {
    return libraryUtility('cat')!(process)
  }
  if (files.length === 0) files.push('-')
  let status = 0
  for (const name of files) {
    if (name === '-' || name === '/dev/stdin') {
      await pump(process)
      continue
    }
    const content = await open(process, 'cat', name)
    if (!content) status = 1
    else for await (const chunk of streamContent(content)) await process.print(chunk)
  }
  return status
}

const head: Program = async (process) => {
  const { count, bytes, files } = lineOptions(process.argv.slice(1))
  if (files.length > 0 || bytes !== undefined || count < 0) {
    return libraryUtility('head')!(process)
  }
  for (let n = 0; n < count; n++) {
    const got = await process.waitFor(readLine(process.stdin))
    if (!got) break
    await process.print(got.newline ? `${got.line}\n` : got.line)
  }
  return 0
}

function lineOptions(args: readonly string[]) {
  const files: string[] = []
  let count = 10
  let bytes: number | undefined
  let follow = false
  const words = [...args]
  while (words.length > 0) {
    const word = words.shift()!
    if (/^-\d+$/.test(word)) count = Number(word.slice(1))
    else if (word === '-n') count = Number(words.shift())
    else if (/^-n[+-]?\d+$/.test(word)) count = Number(word.slice(2))
    else if (word === '-c') bytes = Number(words.shift())
    else if (word === '-f' || word === '-F' || word === '--follow') follow = true
    else if (/^-\d*f$/.test(word)) follow = true
    else files.push(word)
  }
  return { count, bytes, follow, files }
}

/** How often `tail -f` looks again, as busybox does, ms. */
const TAIL_INTERVAL_MS = 1000

const tail: Program = async (process) => {
  const { count, files, follow } = lineOptions(process.argv.slice(1))
  if (!follow) {
    return libraryUtility('tail')!(process)
  }
  if (files.length === 0) {
    await pump(process)
    return 0
  }
  const name = files[0]!
  const path = resolvePath(process.cwd, name)
  if (process.machine.files.find(path)?.kind === 'device') return process.forever()
  const content = await open(process, 'tail', name)
  if (!content) return 1
  const text = Buffer.from(await process.machine.files.read(path)).toString('latin1')
  const lines = text.split('\n')
  const skip = Math.max(0, lines.length - (text.endsWith('\n') ? 1 : 0) - count)
  await process.print(Buffer.from(lines.slice(skip).join('\n'), 'latin1'))
  let position = contentSize(content)
  for (;;) {
    await process.sleep(TAIL_INTERVAL_MS)
    const node = process.machine.files.find(path)
    if (node?.kind !== 'file') continue
    const size = contentSize(node.content)
    if (size < position) position = 0
    for await (const chunk of streamContent(node.content, position, size)) await process.print(chunk)
    position = size
  }
}

const tee: Program = async (process) => {
  const append = process.argv.includes('-a')
  const paths = process.argv
    .slice(1)
    .filter((word) => !word.startsWith('-'))
    .map((name) => resolvePath(process.cwd, name))
  if (!append) for (const path of paths) process.machine.files.writeSync(path, new Uint8Array())
  for (let chunk = await process.read(); chunk; chunk = await process.read()) {
    await process.print(chunk)
    for (const path of paths) await process.machine.files.append(path, chunk)
  }
  return 0
}

const yes: Program = async (process) => {
  const line = `${process.argv.slice(1).join(' ') || 'y'}\n`
  const { clock } = process.machine
  for (;;) {
    const since = clock.now()
    await process.print(line.repeat(64))
    await new Promise((resolve) => setImmediate(resolve))
    process.machine.spend(clock.now() - since)
  }
}

/** Utilities that pass bytes on as they come. */
export const STREAM_UTILITIES: Record<string, Program> = { cat, head, tail, tee, yes }
