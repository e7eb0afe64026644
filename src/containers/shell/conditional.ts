import { nodeSize } from '../processes/container-fs.ts'
import { expandPattern, expandString } from './expand.ts'
import { matches } from './pattern.ts'
import type { Shell } from './shell.ts'
import type { Conditional } from './syntax.ts'

/** `[[ … ]]` */
export async function evaluateConditional(shell: Shell, node: Conditional): Promise<boolean> {
  switch (node.type) {
    case 'CondNot':
      return !(await evaluateConditional(shell, node.operand))
    case 'CondGroup':
      return evaluateConditional(shell, node.expression)
    case 'CondAnd':
      return (await evaluateConditional(shell, node.left)) && (await evaluateConditional(shell, node.right))
    case 'CondOr':
      return (await evaluateConditional(shell, node.left)) || (await evaluateConditional(shell, node.right))
    case 'CondWord':
      return (await expandString(shell, node.word)) !== ''
    case 'CondUnary':
      return unaryTest(shell, node.operator, await expandString(shell, node.operand))
    case 'CondBinary': {
      const left = await expandString(shell, node.left)
      if (node.operator === '=' || node.operator === '==' || node.operator === '!=') {
        return matches(await expandPattern(shell, node.right), left) === (node.operator !== '!=')
      }
      const right = await expandString(shell, node.right)
      if (node.operator === '=~') return new RegExp(right).test(left)
      return binaryTest(shell, left, node.operator, right)
    }
  }
}

const UNARY = new Set('-a -b -c -d -e -f -g -h -k -p -r -s -t -u -w -x -G -L -N -O -S -z -n -v'.split(' '))
const BINARY = new Set('= == != < > -eq -ne -lt -le -gt -ge -nt -ot -ef'.split(' '))

/** A wrong expression for `test`; the shell answers 2. */
export class TestError extends Error {
  override readonly name = 'TestError'
}

/** What `test` looks at: a shell, or the process that the program `test` is. */
export type TestPlace = Pick<Shell, 'process' | 'files' | 'resolve' | 'lookup'> & {
  dialect: { bash: boolean }
}

/** `test` and `[` without its bracket. Throws TestError. */
export function evaluateTest(shell: TestPlace, words: readonly string[]): boolean {
  let position = 0
  const or = (): boolean => {
    let value = and()
    while (words[position] === '-o') {
      position++
      value = and() || value
    }
    return value
  }
  const and = (): boolean => {
    let value = not()
    while (words[position] === '-a' && position > 0) {
      position++
      value = not() && value
    }
    return value
  }
  const not = (): boolean => {
    if (words[position] === '!' && words.length - position > 1) {
      position++
      return !not()
    }
    return primary()
  }
  const primary = (): boolean => {
    const word = words[position]
    if (word === undefined) throw new TestError('argument expected')
    const operator = words[position + 1]
    if (operator !== undefined && BINARY.has(operator) && words[position + 2] !== undefined) {
      position += 3
      return binaryTest(shell, word, operator, words[position - 1]!)
    }
    if (word === '(' && words.length - position > 2) {
      position++
      const value = or()
      if (words[position++] !== ')') throw new TestError('closing paren expected')
      return value
    }
    if (UNARY.has(word) && operator !== undefined) {
      position += 2
      return unaryTest(shell, word, operator)
    }
    position++
    return word !== ''
  }
  if (words.length === 0) return false
  const value = or()
  if (position < words.length) throw new TestError(`${words[position]}: unexpected operator`)
  return value
}

function unaryTest(shell: TestPlace, operator: string, text: string): boolean {
  if (operator === '-n') return text !== ''
  if (operator === '-z') return text === ''
  if (operator === '-v') return shell.lookup(text) !== undefined
  if (operator === '-t') return shell.process.tty !== undefined && Number(text) <= 2
  const link = operator === '-L' || operator === '-h'
  const node = text === '' ? undefined : shell.files.find(shell.resolve(text), !link)
  if (!node) return false
  switch (operator) {
    case '-f':
      return node.kind === 'file'
    case '-d':
      return node.kind === 'directory'
    case '-L':
    case '-h':
      return node.kind === 'symlink'
    case '-c':
      return node.kind === 'device'
    case '-b':
    case '-p':
    case '-S':
    case '-g':
    case '-u':
    case '-k':
      return false
    case '-s':
      return nodeSize(node) > 0
    case '-x':
      return (node.mode & 0o111) !== 0
    default:
      return true
  }
}

function binaryTest(shell: TestPlace, left: string, operator: string, right: string): boolean {
  switch (operator) {
    case '=':
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '>':
      return left > right
    case '-nt':
    case '-ot':
    case '-ef': {
      const [a, b] = [left, right].map((path) => shell.files.find(shell.resolve(path)))
      if (operator === '-ef') return a !== undefined && a === b
      const newer = (a?.mtime ?? -1) > (b?.mtime ?? -1)
      const older = (a?.mtime ?? -1) < (b?.mtime ?? -1)
      return operator === '-nt' ? newer : older
    }
  }
  const [a, b] = [left, right].map((text) => {
    if (!/^\s*[+-]?\d+\s*$/.test(text))
      throw new TestError(`${text}: ${shell.dialect.bash ? 'integer expression expected' : 'bad number'}`)
    return Number(text)
  }) as [number, number]
  switch (operator) {
    case '-eq':
      return a === b
    case '-ne':
      return a !== b
    case '-lt':
      return a < b
    case '-le':
      return a <= b
    case '-gt':
      return a > b
    default:
      return a >= b
  }
}
