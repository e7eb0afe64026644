import { type FileHandle, open } from 'node:fs/promises'

/** What a tar header says of an entry. Names have no leading or trailing slash. */
export interface TarHeader {
  name: string
  type: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'block-device' | 'fifo'
  mode: number
  uid: number
  gid: number
  /** Seconds since the epoch. */
  mtime: number
  size: number
  linkName?: string
}

/** An entry of a tar file on disk, and where its bytes lie in it. */
export interface TarEntry extends TarHeader {
  offset: number
}

const BLOCK = 512
const TYPES: Record<string, TarHeader['type']> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
}
const FLAGS: Record<TarHeader['type'], string> = {
  file: '0',
  link: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
}

/** Lists the entries of a plain tar file (ustar, pax and GNU long names). Throws on a damaged header. */
export async function readTar(path: string): Promise<TarEntry[]> {
  const handle = await open(path, 'r')
  try {
    return await readEntries(new Window(handle))
  } finally {
    await handle.close()
  }
}

async function readEntries(file: Window): Promise<TarEntry[]> {
  const entries: TarEntry[] = []
  let next: Record<string, string> = {}
  let global: Record<string, string> = {}
  for (let position = 0; ; ) {
    const block = await file.read(position, BLOCK)
    if (block.length < BLOCK || block.every((byte) => byte === 0)) return entries
    if (checksum(block) !== octal(block, 148, 8)) throw new Error(`invalid tar header at byte ${position}`)
    const flag = String.fromCharCode(block[156]!)
    const overrides = { ...global, ...next }
    const size = overrides.size === undefined ? octal(block, 124, 12) : Number(overrides.size)
    const offset = position + BLOCK
    position = offset + Math.ceil(size / BLOCK) * BLOCK
    if (flag === 'x' || flag === 'g') {
      const records = paxRecords(await file.read(offset, size))
      if (flag === 'x') next = { ...next, ...records }
      else global = { ...global, ...records }
      continue
    }
    if (flag === 'L' || flag === 'K') {
      next[flag === 'L' ? 'path' : 'linkpath'] = text(await file.read(offset, size), 0, size)
      continue
    }
    next = {}
    const type = TYPES[flag]
    if (!type) continue
    const prefix = text(block, 257, 5) === 'ustar' && block[262] === 0 ? text(block, 345, 155) : ''
    const name = overrides.path ?? (prefix ? `${prefix}/` : '') + text(block, 0, 100)
    entries.push({
      name: cleanName(name),
      type: type === 'file' && name.endsWith('/') ? 'directory' : type,
      mode: octal(block, 100, 8) & 0o7777,
      uid: Number(overrides.uid ?? octal(block, 108, 8)),
      gid: Number(overrides.gid ?? octal(block, 116, 8)),
      mtime: Number(overrides.mtime ?? octal(block, 136, 12)),
      size: type === 'file' ? size : 0,
      linkName:
        type === 'link' || type === 'symlink' ? (overrides.linkpath ?? text(block, 157, 100)) : undefined,
      offset,
    })
  }
}

/** `./a//b/` → `a/b`; parts that climb out are dropped. */
export function cleanName(name: string): string {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

/** The header blocks of an entry; its bytes and `tarPadding` follow. */
export function tarHeader(header: TarHeader): Buffer {
  const name = header.type === 'directory' ? `${header.name}/` : header.name
  const pax: Record<string, string> = {}
  if (Buffer.byteLength(name) > 100) pax.path = name
  if (header.linkName !== undefined && Buffer.byteLength(header.linkName) > 100)
    pax.linkpath = header.linkName
  if (header.size >= 8 ** 11) pax.size = String(header.size)
  const main = ustar({ ...header, name }, FLAGS[header.type])
  if (Object.keys(pax).length === 0) return main
  const body = Buffer.concat(Object.entries(pax).map(([key, value]) => paxRecord(key, value)))
  const extra = ustar(
    { ...header, name: 'PaxHeader', type: 'file', size: body.length, mode: 0o644, linkName: undefined },
    'x',
  )
  return Buffer.concat([extra, body, tarPadding(body.length), main])
}

/** Zeros that fill an entry's bytes up to a whole block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** The two empty blocks that end a tar file. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK)

function ustar(header: TarHeader, flag: string): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(header.name.slice(0, 100), 0, 100)
  const number = (value: number, offset: number, length: number) =>
    block.write(
      `${Math.floor(value)
        .toString(8)
        .slice(-(length - 1))
        .padStart(length - 1, '0')}\0`,
      offset,
      length,
    )
  number(header.mode, 100, 8)
  number(header.uid, 108, 8)
  number(header.gid, 116, 8)
  number(header.size >= 8 ** 11 ? 0 : header.size, 124, 12)
  number(header.mtime, 136, 12)
  block.fill(' ', 148, 156)
  block.write(flag, 156)
  if (header.linkName) block.write(header.linkName.slice(0, 100), 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function checksum(block: Uint8Array): number {
  let sum = 8 * 32
  for (let i = 0; i < BLOCK; i++) if (i < 148 || i >= 156) sum += block[i]!
  return sum
}

function text(block: Buffer, offset: number, length: number): string {
  const end = block.subarray(offset, offset + length).indexOf(0)
  return block.toString('utf8', offset, end === -1 ? offset + length : offset + end)
}

function octal(block: Buffer, offset: number, length: number): number {
  // GNU base-256 for numbers that octal digits cannot hold.
  if (block[offset]! & 0x80) return Number(block.readBigUInt64BE(offset + length - 8) & 0x7fffffffffffffffn)
  return Number.parseInt(text(block, offset, length).trim() || '0', 8)
}

function paxRecords(bytes: Buffer): Record<string, string> {
  const records: Record<string, string> = {}
  for (let position = 0; position < bytes.length; ) {
    const space = bytes.indexOf(0x20, position)
    if (space === -1) break
    const length = Number(bytes.toString('utf8', position, space))
    if (!(length > 0)) break
    const record = bytes.toString('utf8', space + 1, position + length - 1)
    const equals = record.indexOf('=')
    records[record.slice(0, equals)] = record.slice(equals + 1)
    position += length
  }
  return records
}

function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  let length = rest + String(rest).length
  if (rest + String(length).length !== length) length = rest + String(length).length
  return Buffer.from(`${length} ${key}=${value}\n`)
}

/** Reads a file through one buffer, as headers lie close together in most layers. */
class Window {
  readonly #handle: FileHandle
  #buffer = Buffer.alloc(0)
  #start = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(position: number, length: number): Promise<Buffer> {
    if (position < this.#start || position + length > this.#start + this.#buffer.length) {
      const buffer = Buffer.alloc(Math.max(length, 64 * 1024))
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, position)
      this.#buffer = buffer.subarray(0, bytesRead)
      this.#start = position
    }
    const from = position - this.#start
    return this.#buffer.subarray(from, from + length)
  }
}
