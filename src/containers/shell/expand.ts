import { parse } from 'just-bash'
import { evaluate } from './arithmetic.ts'
import { glob, isPattern, matches, type Piece, patternSource } from './pattern.ts'
import type { Shell } from './shell.ts'
import { ShellError } from './state.ts'
import type { Arithmetic, ArithmeticNode, Part, WordNode, WordPart } from './syntax.ts'

/** A word under expansion: the fields that it has become so far. */
class Fields {
  readonly done: Piece[][] = []
  current: Piece[] = []
  /** Whether the current field exists even when it is empty. */
  started = false

  add(text: string, quoted: boolean): void {
    if (quoted) this.started = true
    if (text === '') return
    this.started = true
    this.current.push({ text, quoted })
  }

  break(): void {
    if (this.started) this.done.push(this.current)
    this.current = []
    this.started = false
  }
}

/** Expands words to arguments: all expansions, field splitting, path names. */
export async function expandWords(shell: Shell, words: readonly WordNode[]): Promise<string[]> {
  const result: string[] = []
  for (const word of shell.dialect.bash ? words.flatMap(expandBraces) : words) {
    const fields = new Fields()
    await expandParts(shell, word.parts, fields, false)
    fields.break()
    for (const field of fields.done) {
      const plain = field.map(({ text }) => text).join('')
      if (shell.state.options.noglob || !isPattern(field)) result.push(plain)
      else {
        const found = glob(shell.files, shell.state.cwd, field)
        result.push(...(found.length > 0 ? found : [plain]))
      }
    }
  }
  return result
}

/** Expands a word to one string without splitting, as in an assignment. */
export async function expandString(shell: Shell, word: WordNode): Promise<string> {
  return (await expandPattern(shell, word)).map(({ text }) => text).join('')
}

/** Expands a word to a pattern: quoted parts stand for themselves. */
export async function expandPattern(shell: Shell, word: WordNode): Promise<Piece[]> {
  const fields = new Fields()
  await expandParts(shell, word.parts, fields, false, false)
  fields.break()
  return fields.done.flatMap((field, index) => (index > 0 ? [{ text: ' ', quoted: true }, ...field] : field))
}

async function expandParts(
  shell: Shell,
  parts: readonly WordPart[],
  fields: Fields,
  quoted: boolean,
  split = true,
  splitLiterals = false,
): Promise<void> {
  for (const part of parts) {
    switch (part.type) {
      case 'Literal':
        if (splitLiterals) addExpansion(shell, fields, part.value, quoted, split)
        else fields.add(part.value, quoted)
        break
      case 'SingleQuoted':
      case 'Escaped':
        fields.add(part.value, true)
        break
      case 'Glob':
        fields.add(part.pattern, quoted)
        break
      case 'DoubleQuoted': {
        // "$@" of no arguments is no field at all, any other quotes make one.
        const only = part.parts.length === 1 ? part.parts[0] : undefined
        if (!(only?.type === 'ParameterExpansion' && only.parameter === '@')) fields.started = true
        await expandParts(shell, part.parts, fields, true, split)
        break
      }
      case 'ParameterExpansion':
        await expandParameter(shell, part, fields, quoted, split)
        break
      case 'CommandSubstitution': {
        const output = await shell.substitute(part.body)
        addExpansion(shell, fields, output, quoted, split)
        break
      }
      case 'ArithmeticExpansion':
        addExpansion(shell, fields, String(await arithmetic(shell, part.expression)), quoted, split)
        break
      case 'TildeExpansion':
        fields.add(part.user === null ? shell.get('HOME') || '~' : `~${part.user}`, true)
        break
      case 'BraceExpansion':
        fields.add(await literalBraces(shell, part), true)
        break
      default:
        throw new ShellError('drydock: process substitution is not simulated')
    }
  }
}

function addExpansion(shell: Shell, fields: Fields, text: string, quoted: boolean, split: boolean): void {
  if (quoted || !split) return fields.add(text, quoted)
  const separators = shell.state.variables.get('IFS') ?? ' \t\n'
  let start = 0
  for (let index = 0; index <= text.length; index++) {
    const char = text[index]
    if (char !== undefined && !separators.includes(char)) continue
    fields.add(text.slice(start, index), false)
    start = index + 1
    if (char === undefined) break
    if (!/\s/.test(char) && !fields.started) fields.started = true
    fields.break()
  }
}

/** A word with braces as the words that it stands for; all combinations, first brace slowest. */
function expandBraces(word: WordNode): WordNode[] {
  const index = word.parts.findIndex(({ type }) => type === 'BraceExpansion')
  const part = word.parts[index]
  if (part?.type !== 'BraceExpansion') return [word]
  const before = word.parts.slice(0, index)
  const after = word.parts.slice(index + 1)
  return braceItems(part).flatMap((parts) =>
    expandBraces({ ...word, parts: [...before, ...parts, ...after] }),
  )
}

function braceItems(part: Part<'BraceExpansion'>): WordPart[][] {
  return part.items.flatMap((item): WordPart[][] => {
    if (item.type === 'Word') return [item.word.parts]
    const letters = typeof item.start === 'string'
    const [from, to] = [item.start, item.end].map((end) =>
      typeof end === 'string' ? end.charCodeAt(0) : end,
    ) as [number, number]
    const step = Math.abs(item.step ?? 1) || 1
    const count = Math.floor(Math.abs(to - from) / step) + 1
    return Array.from({ length: count }, (_, n) => {
      const value = from + (from <= to ? n : -n) * step
      return [{ type: 'Literal', value: letters ? String.fromCharCode(value) : String(value) }]
    })
  })
}

/** Braces as shells without brace expansion leave them. */
async function literalBraces(shell: Shell, part: Part<'BraceExpansion'>): Promise<string> {
  const items: string[] = []
  for (const item of part.items) {
    items.push(
      item.type === 'Word'
        ? await expandString(shell, item.word)
        : `${item.startStr ?? item.start}..${item.endStr ?? item.end}`,
    )
  }
  return `{${items.join(',')}}`
}

async function expandParameter(
  shell: Shell,
  part: Part<'ParameterExpansion'>,
  fields: Fields,
  quoted: boolean,
  split: boolean,
): Promise<void> {
  const { parameter, operation } = part
  const { positional } = shell.state
  if ((parameter === '@' || parameter === '*') && !operation) {
    if (quoted && parameter === '*') {
      const separator = shell.state.variables.get('IFS')?.[0] ?? (shell.state.variables.has('IFS') ? '' : ' ')
      return fields.add(positional.join(separator), true)
    }
    positional.forEach((value, index) => {
      if (index > 0) fields.break()
      if (quoted) fields.add(value, true)
      else addExpansion(shell, fields, value, false, split)
    })
    return
  }
  const value = shell.lookup(parameter)
  const word = (node: WordNode | null | undefined) => (node ? expandString(shell, node) : Promise.resolve(''))
  const put = (text: string) => addExpansion(shell, fields, text, quoted, split)
  if (!operation) {
    if (value === undefined && shell.state.options.nounset) throw unset(shell, parameter)
    return put(value ?? '')
  }
  switch (operation.type) {
    case 'DefaultValue':
      if (value === undefined || (operation.checkEmpty && value === '')) {
        return expandParts(shell, operation.word.parts, fields, quoted, split, true)
      }
      return put(value)
    case 'AssignDefault':
      if (value === undefined || (operation.checkEmpty && value === '')) {
        const text = await word(operation.word)
        shell.set(parameter, text)
        return put(text)
      }
      return put(value)
    case 'ErrorIfUnset':
      if (value === undefined || (operation.checkEmpty && value === '')) {
        const text =
          (await word(operation.word)) ||
          (operation.checkEmpty ? 'parameter null or not set' : 'parameter not set')
        throw new ShellError(`${parameter}: ${text}`)
      }
      return put(value)
    case 'UseAlternative':
      if (value === undefined || (operation.checkEmpty && value === '')) return
      return expandParts(shell, operation.word.parts, fields, quoted, split, true)
  }
  if (value === undefined && shell.state.options.nounset) throw unset(shell, parameter)
  const text = value ?? ''
  switch (operation.type) {
    case 'Length':
      return put(String(parameter === '@' || parameter === '*' ? positional.length : [...text].length))
    case 'PatternRemoval':
      return put(
        removePattern(text, await expandPattern(shell, operation.pattern), operation.side, operation.greedy),
      )
    case 'PatternReplacement': {
      const source = patternSource(await expandPattern(shell, operation.pattern))
      const anchored = `${operation.anchor === 'start' ? '^' : ''}${source}${operation.anchor === 'end' ? '$' : ''}`
      const replacement = await word(operation.replacement)
      return put(text.replace(new RegExp(anchored, operation.all ? 'g' : ''), () => replacement))
    }
    case 'Substring': {
      const offset = Number(await arithmetic(shell, operation.offset))
      const start = offset < 0 ? Math.max(0, text.length + offset) : offset
      const length = operation.length ? Number(await arithmetic(shell, operation.length)) : undefined
      const end = length === undefined ? text.length : length < 0 ? text.length + length : start + length
      return put(text.slice(start, end))
    }
    case 'CaseModification': {
      const change = (part: string) =>
        operation.direction === 'upper' ? part.toUpperCase() : part.toLowerCase()
      return put(operation.all ? change(text) : change(text.slice(0, 1)) + text.slice(1))
    }
    case 'Indirection':
      return put(shell.get(text))
    default:
      throw new ShellError(`${parameter}: bad substitution`)
  }
}

const unset = (shell: Shell, name: string) =>
  shell.dialect.bash
    ? new ShellError(`${name}: unbound variable`, 127)
    : new ShellError(`${name}: parameter not set`)

function removePattern(text: string, pattern: Piece[], side: 'prefix' | 'suffix', greedy: boolean): string {
  const lengths = Array.from({ length: text.length + 1 }, (_, index) => index)
  if (greedy) lengths.reverse()
  for (const length of lengths) {
    const part = side === 'prefix' ? text.slice(0, length) : text.slice(text.length - length)
    if (matches(pattern, part))
      return side === 'prefix' ? text.slice(length) : text.slice(0, text.length - length)
  }
  return text
}

/** Evaluates arithmetic with the shell's variables. */
export async function arithmetic(shell: Shell, { expression, originalText }: Arithmetic): Promise<bigint> {
  // Substitutions inside are expanded first, as the standard says; the result is parsed again.
  const node =
    originalText && /\$[({]|`|\$[\d#?]/.test(originalText)
      ? parseArithmetic(await expandText(shell, originalText))
      : expression
  return evaluate(node, {
    get: (name) => shell.get(name),
    set: (name, value) => shell.set(name, value),
    parse: parseArithmetic,
  })
}

/** Expands a text as if it stood in double quotes. */
export async function expandText(shell: Shell, text: string): Promise<string> {
  const script = parse(`: "${text.replace(/"/g, '\\"')}"`)
  const command = script.statements[0]?.pipelines[0]?.commands[0]
  if (command?.type !== 'SimpleCommand' || !command.args[0]) return text
  return expandString(shell, command.args[0])
}

function parseArithmetic(text: string): ArithmeticNode {
  const command = parse(`: $((${text}))`).statements[0]?.pipelines[0]?.commands[0]
  const part = command?.type === 'SimpleCommand' ? command.args[0]?.parts[0] : undefined
  if (part?.type !== 'ArithmeticExpansion')
    throw new ShellError(`arithmetic expression: expecting primary: "${text}"`)
  return part.expression.expression
}
