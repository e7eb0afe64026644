import { resolvePath } from '../files/tree.ts'
import type { ContainerFs } from '../processes/container-fs.ts'

/** A stretch of a word after expansion; quoted text stands for itself in patterns. */
export interface Piece {
  text: string
  quoted: boolean
}

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** Source of a regular expression for a shell pattern. `path`: `*` and `?` do not match `/`. */
export function patternSource(
  pieces: readonly Piece[],
  options: { path?: boolean; lazy?: boolean } = {},
): string {
  const any = options.path ? '[^/]' : '[^]'
  let source = ''
  for (const { text, quoted } of pieces) {
    if (quoted) {
      source += escaped(text)
      continue
    }
    for (let index = 0; index < text.length; index++) {
      const char = text[index]!
      if (char === '*') source += `${any}*${options.lazy ? '?' : ''}`
      else if (char === '?') source += any
      else if (char === '[') {
        const end = text.indexOf(']', index + (/^\[[!^]?\]/.test(text.slice(index)) ? 3 : 2))
        if (end === -1) source += '\\['
        else {
          source += bracket(text.slice(index + 1, end))
          index = end
        }
      } else source += escaped(char)
    }
  }
  return source
}

const CLASSES: Record<string, string> = {
  '[:alpha:]': 'a-zA-Z',
  '[:digit:]': '0-9',
  '[:alnum:]': 'a-zA-Z0-9',
  '[:upper:]': 'A-Z',
  '[:lower:]': 'a-z',
  '[:space:]': '\\s',
  '[:punct:]': '!-/:-@\\[-`{-~',
}

function bracket(text: string): string {
  const negated = /^[!^]/.test(text)
  let inside = (negated ? text.slice(1) : text).replace(/\\/g, '\\\\').replace(/\]/g, '\\]')
  for (const [name, range] of Object.entries(CLASSES))
    inside = inside.replaceAll(name.replace(/\]/g, '\\]'), range)
  return `[${negated ? '^' : ''}${inside.replace(/\[/g, '\\[').replace(/\^/g, '\\^')}]`
}

/** Whether the whole text matches. */
export const matches = (pieces: readonly Piece[], text: string): boolean =>
  new RegExp(`^${patternSource(pieces)}$`).test(text)

/** Whether unquoted pattern characters make it worth looking at files. */
export const isPattern = (pieces: readonly Piece[]): boolean =>
  pieces.some(({ text, quoted }) => !quoted && /[*?[]/.test(text))

/** Paths that a pattern matches, sorted; none when nothing does. */
export function glob(files: ContainerFs, cwd: string, pieces: readonly Piece[]): string[] {
  const segments: Piece[][] = [[]]
  for (const { text, quoted } of pieces) {
    text.split('/').forEach((part, index) => {
      if (index > 0) segments.push([])
      if (part !== '') segments.at(-1)!.push({ text: part, quoted })
    })
  }
  let found = [segments[0]!.length === 0 ? '/' : '']
  for (const segment of segments) {
    if (segment.length === 0) continue
    const last = segment === segments.at(-1)
    if (!isPattern(segment)) {
      const name = segment.map(({ text }) => text).join('')
      found = found.map((base) => base + name).filter((path) => files.find(resolvePath(cwd, path), false))
    } else {
      const expression = new RegExp(`^${patternSource(segment, { path: true })}$`)
      const hidden = segment[0]!.text.startsWith('.')
      found = found.flatMap((base) => {
        const node = files.find(resolvePath(cwd, base || '.'))
        if (node?.kind !== 'directory') return []
        return [...node.children.keys()]
          .filter((name) => (hidden || !name.startsWith('.')) && expression.test(name))
          .sort()
          .map((name) => base + name)
      })
    }
    if (!last) found = found.map((path) => `${path}/`)
  }
  return found.sort()
}
