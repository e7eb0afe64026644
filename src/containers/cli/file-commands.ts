import { createReadStream, createWriteStream } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readTar, tarEnd, tarHeader, tarPadding } from '../files/tar.ts'
import { CommandError, type EngineClient } from './client.ts'
import { type Command, need, out, printProgress } from './command.ts'
import { parseFlags } from './flags.ts'

const TAR = { 'content-type': 'application/x-tar' }

/** `container:/path` */
const split = (text: string): { container: string; path: string } | undefined => {
  const match = /^([^/:]+):(.*)$/.exec(text)
  return match ? { container: match[1]!, path: match[2]! || '/' } : undefined
}

const cp: Command = async (client, words) => {
  const flags = parseFlags(words, {
    archive: { short: 'a', kind: 'boolean' },
    'follow-link': { short: 'L', kind: 'boolean' },
    quiet: { short: 'q', kind: 'boolean' },
  })
  need(flags.args, 2, 'docker cp [OPTIONS] CONTAINER:SRC_PATH DEST_PATH|-')
  const [from = '', to = ''] = flags.args
  const source = split(from)
  const target = split(to)
  if (source && target) throw new CommandError('copying between containers is not supported')
  if (source) return copyOut(client, source, to)
  if (target) return copyIn(client, from, target)
  throw new CommandError('must specify at least one container source')
}

async function copyOut(
  client: EngineClient,
  { container, path }: { container: string; path: string },
  to: string,
) {
  const answer = await client.send('GET', `/containers/${container}/archive?path=${encodeURIComponent(path)}`)
  if (to === '-') {
    for await (const chunk of answer) process.stdout.write(chunk)
    return 0
  }
  const into = (await lstat(to).catch(() => undefined))?.isDirectory() ?? false
  if (!into && !(await lstat(dirname(resolve(to))).catch(() => undefined)))
    throw new CommandError(`invalid output path: directory "${dirname(resolve(to))}" does not exist`)
  const folder = await mkdtemp(join(tmpdir(), 'docker-cp-'))
  try {
    const file = join(folder, 'archive.tar')
    await pipeline(answer, createWriteStream(file))
    const bytes = await readFile(file)
    const root = path.endsWith('/.') ? '' : basename(path)
    for (const entry of await readTar(file)) {
      const inside = root
        ? entry.name.replace(new RegExp(`^${root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`), '')
        : `/${entry.name}`
      const name = into && root ? join(to, root + inside) : join(to, inside)
      if (entry.type === 'directory') await mkdir(name, { recursive: true })
      else if (entry.type === 'symlink') await symlink(entry.linkName!, name)
      else if (entry.type === 'file')
        await writeFile(name, bytes.subarray(entry.offset, entry.offset + entry.size), { mode: entry.mode })
    }
  } finally {
    await rm(folder, { recursive: true })
  }
  return 0
}

async function copyIn(
  client: EngineClient,
  from: string,
  { container, path }: { container: string; path: string },
) {
  const put = async (folder: string, body: AsyncIterable<Uint8Array>) => {
    await client.send(
      'PUT',
      `/containers/${container}/archive?path=${encodeURIComponent(folder)}&noOverwriteDirNonDir=true`,
      {
        headers: TAR,
        stream: Readable.from(body, { objectMode: false }),
      },
    )
    return 0
  }
  const isFolder = await folderInContainer(client, container, path)
  if (from === '-') {
    if (!isFolder) throw new CommandError(`destination "${container}:${path}" must be a directory`)
    return put(path, process.stdin)
  }
  const info = await lstat(from).catch(() => undefined)
  if (!info) throw new CommandError(`lstat ${resolve(from)}: no such file or directory`)
  const contents = /(?:^|\/)\.$/.test(from)
  const name = isFolder ? (contents ? '' : basename(resolve(from))) : basename(path)
  const parent = isFolder ? path : dirname(path)
  return put(parent, localTar(resolve(from), name))
}

async function folderInContainer(client: EngineClient, container: string, path: string): Promise<boolean> {
  try {
    const answer = await client.send(
      'HEAD',
      `/containers/${container}/archive?path=${encodeURIComponent(path)}`,
    )
    const stat = JSON.parse(
      Buffer.from(String(answer.headers['x-docker-container-path-stat']), 'base64').toString(),
    )
    return stat.mode >= 2 ** 31
  } catch (error) {
    // Of a HEAD there is no text: the container may be what is missing.
    await client.json('GET', `/containers/${container}/json`)
    if (error instanceof CommandError) return false
    throw error
  }
}

async function* localTar(path: string, name: string): AsyncGenerator<Uint8Array> {
  yield* localEntries(path, name)
  yield tarEnd()
}

async function* localEntries(path: string, name: string): AsyncGenerator<Uint8Array> {
  const info = await lstat(path)
  const common = {
    name,
    mode: info.mode & 0o7777,
    uid: 0,
    gid: 0,
    mtime: Math.floor(info.mtimeMs / 1000),
    size: 0,
  }
  if (info.isDirectory()) {
    if (name) yield tarHeader({ ...common, type: 'directory' })
    for (const child of (await readdir(path)).sort())
      yield* localEntries(join(path, child), name ? `${name}/${child}` : child)
  } else if (info.isFile()) {
    yield tarHeader({ ...common, type: 'file', size: info.size })
    if (info.size > 0) yield* createReadStream(path, { end: info.size - 1 })
    yield tarPadding(info.size)
  }
}

const diff: Command = async (client, words) => {
  need(words, 1, 'docker diff CONTAINER')
  const list = await client.json('GET', `/containers/${words[0]}/changes`)
  for (const { Kind, Path } of list ?? []) out(`${'CAD'[Kind]} ${Path}\n`)
  return 0
}

/** Writes an answer's bytes to a file or to standard output, which must not be a terminal. */
async function save(answer: Readable, file: string | undefined, what: string): Promise<number> {
  if (file) await pipeline(answer, createWriteStream(file))
  else if (process.stdout.isTTY)
    throw new CommandError(`cowardly refusing to ${what} to a terminal. Use the -o flag or redirect`)
  else for await (const chunk of answer) process.stdout.write(chunk)
  return 0
}

const exportContainer: Command = async (client, words) => {
  const flags = parseFlags(words, { output: { short: 'o', kind: 'string' } })
  need(flags.args, 1, 'docker export [OPTIONS] CONTAINER')
  return save(await client.send('GET', `/containers/${flags.args[0]}/export`), flags.text('output'), 'export')
}

const saveImages: Command = async (client, words) => {
  const flags = parseFlags(words, { output: { short: 'o', kind: 'string' } })
  need(flags.args, 1, 'docker save [OPTIONS] IMAGE [IMAGE...]', false)
  const query = flags.args.map((name) => `names=${encodeURIComponent(name)}`).join('&')
  return save(await client.send('GET', `/images/get?${query}`), flags.text('output'), 'save')
}

const load: Command = async (client, words) => {
  const flags = parseFlags(words, {
    input: { short: 'i', kind: 'string' },
    quiet: { short: 'q', kind: 'boolean' },
  })
  const file = flags.text('input')
  if (!file && process.stdin.isTTY) throw new CommandError('requested load from stdin, but stdin is empty')
  if (file && !(await lstat(file).catch(() => undefined)))
    throw new CommandError(`open ${file}: no such file or directory`)
  await printProgress(
    await client.send('POST', '/images/load?quiet=1', {
      headers: TAR,
      stream: file ? createReadStream(file) : process.stdin,
    }),
  )
  return 0
}

const importImage: Command = async (client, words) => {
  const flags = parseFlags(words, {
    change: { short: 'c', kind: 'list' },
    message: { short: 'm', kind: 'string' },
    platform: { kind: 'string' },
  })
  need(flags.args, 1, 'docker import [OPTIONS] file|URL|- [REPOSITORY[:TAG]]', false)
  const [file = '', repo = ''] = flags.args
  const query = new URLSearchParams({ fromSrc: '-', repo, message: flags.text('message') ?? '' })
  for (const change of flags.list('change')) query.append('changes', change)
  const stream = file === '-' ? process.stdin : createReadStream(file)
  await printProgress(await client.send('POST', `/images/create?${query}`, { headers: TAR, stream }))
  return 0
}

const commit: Command = async (client, words) => {
  const flags = parseFlags(words, {
    author: { short: 'a', kind: 'string' },
    change: { short: 'c', kind: 'list' },
    message: { short: 'm', kind: 'string' },
    pause: { short: 'p', kind: 'boolean' },
  })
  need(flags.args, 1, 'docker commit [OPTIONS] CONTAINER [REPOSITORY[:TAG]]', false)
  const [container = '', name = ''] = flags.args
  const tag = /:([^:/]+)$/.exec(name)?.[1]
  const query = new URLSearchParams({
    container,
    repo: tag ? name.slice(0, -tag.length - 1) : name,
    tag: tag ?? '',
    author: flags.text('author') ?? '',
    comment: flags.text('message') ?? '',
  })
  for (const change of flags.list('change')) query.append('changes', change)
  out(`${(await client.json('POST', `/commit?${query}`)).Id}\n`)
  return 0
}

/** Commands that move files and images in and out. */
export const FILE_COMMANDS: Record<string, Command> = {
  cp,
  diff,
  commit,
  load,
  import: importImage,
  save: saveImages,
  export: exportContainer,
  'container cp': cp,
  'container diff': diff,
  'container commit': commit,
  'container export': exportContainer,
  'image load': load,
  'image save': saveImages,
  'image import': importImage,
}
