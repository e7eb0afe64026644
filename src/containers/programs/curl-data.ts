import { resolvePath } from '../files/tree.ts'
import { readAll } from '../processes/pipe.ts'
import type { Process } from '../processes/process.ts'

/** What one option adds to the body. */
export interface Data {
  option: 'data' | 'data-raw' | 'data-binary' | 'data-urlencode' | 'json'
  text: string
}

export const isData = (name: string): name is Data['option'] => name.startsWith('data')

/** A file that `@file` names and that is not there. */
export class UnreadableFile {
  readonly option: string
  readonly file: string
  constructor(option: string, file: string) {
    this.option = option
    this.file = file
  }
}

/** The data of all options, joined; undefined without any. */
export async function bodyOf(
  process: Process,
  data: readonly Data[],
): Promise<Buffer | UnreadableFile | undefined> {
  if (data.length === 0) return undefined
  const parts: Buffer[] = []
  for (const { option, text } of data) {
    const part = await partOf(process, option, text)
    if (part instanceof UnreadableFile) return part
    parts.push(...(parts.length > 0 && option !== 'json' ? [Buffer.from('&')] : []), part)
  }
  return Buffer.concat(parts)
}

async function partOf(
  process: Process,
  option: Data['option'],
  text: string,
): Promise<Buffer | UnreadableFile> {
  if (option === 'data-raw') return Buffer.from(text)
  // `name=content` and `name@file` of --data-urlencode keep the name; the others know `@file` alone.
  const [, name = '', sign, rest = ''] =
    (option === 'data-urlencode' ? /^([^=@]*)([=@])([\s\S]*)$/ : /^()(@)([\s\S]*)$/).exec(text) ?? []
  const content = sign === '@' ? await contentOf(process, rest) : Buffer.from(sign ? rest : text)
  if (content === undefined) return new UnreadableFile(`--${option}`, rest)
  if (option === 'data-urlencode')
    return Buffer.from(`${name && `${name}=`}${urlEncoded(content.toString())}`)
  return option === 'data' && sign === '@'
    ? Buffer.from(content.toString().replace(/[\r\n\0]/g, ''))
    : content
}

async function contentOf(process: Process, file: string): Promise<Buffer | undefined> {
  if (file === '-') return process.waitFor(readAll(process.stdin))
  const bytes = await process.machine.files.read(resolvePath(process.cwd, file)).catch(() => undefined)
  return bytes && Buffer.from(bytes)
}

/** As `--data-urlencode` has it: all but letters, digits and `-._~`; a space is a plus. */
const urlEncoded = (text: string) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
