import type { ContainerInstanceRecord, TaskRecord } from './records.ts'

/** What an expression is asked about. */
export interface Subject {
  instance: ContainerInstanceRecord
  /** The tasks on it. */
  tasks: TaskRecord[]
}

/** An expression that is not of the cluster query language. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
}

type Test = (subject: Subject) => boolean

const TOKEN = /\s*(?:(&&|\|\||==|!=|=~|!~|>=|<=|[()[\],<>!])|"([^"]*)"|'([^']*)'|([^\s()[\],<>=!~&|"']+))/y

/**
 * Compiles an expression of the cluster query language: `attribute:ecs.instance-type =~ t3.* and task:group == service:web`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
 * Throws QueryError.
 */
export function compileQuery(text: string): Test {
  const parser = new Parser(tokenize(text))
  const test = parser.any()
  parser.end()
  return test
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  const pattern = new RegExp(TOKEN)
  const trimmed = text.trimEnd()
  while (pattern.lastIndex < trimmed.length) {
    const match = pattern.exec(trimmed)
    if (!match) throw new QueryError(text)
    tokens.push(match.slice(1).find((part) => part !== undefined)!)
  }
  return tokens
}

class Parser {
  readonly #tokens: string[]
  #at = 0

  constructor(tokens: string[]) {
    this.#tokens = tokens
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new QueryError(this.#tokens[this.#at])
  }

  any(): Test {
    const tests = [this.#all()]
    while (this.#take('||', 'or')) tests.push(this.#all())
    return (subject) => tests.some((test) => test(subject))
  }

  #all(): Test {
    const tests = [this.#one()]
    while (this.#take('&&', 'and')) tests.push(this.#one())
    return (subject) => tests.every((test) => test(subject))
  }

  #one(): Test {
    if (this.#take('!', 'not')) {
      const test = this.#one()
      return (subject) => !test(subject)
    }
    if (this.#take('(')) {
      const test = this.any()
      this.#need(')')
      return test
    }
    return this.#comparison(this.#word())
  }

  #comparison(name: string): Test {
    const read = (subject: Subject) => valuesOf(subject, name)
    const operator = this.#word()
    switch (operator) {
      case 'exists':
        return (subject) => read(subject).length > 0
      case '!exists':
      case 'not_exists':
        return (subject) => read(subject).length === 0
      case '!':
        this.#need('exists')
        return (subject) => read(subject).length === 0
      case 'in':
      case 'not_in': {
        const list = this.#list()
        const inside = (subject: Subject) => read(subject).some((value) => list.includes(value))
        return operator === 'in' ? inside : (subject) => !inside(subject)
      }
    }
    const wanted = this.#word()
    const test = COMPARE[operator]
    if (!test) throw new QueryError(operator)
    const negated = operator === '!=' || operator === 'not_equals' || operator === '!~'
    return (subject) =>
      negated
        ? read(subject).every((value) => test(value, wanted))
        : read(subject).some((value) => test(value, wanted))
  }

  #list(): string[] {
    this.#need('[')
    const list = [this.#word()]
    while (this.#take(',')) list.push(this.#word())
    this.#need(']')
    return list
  }

  #take(...words: string[]): boolean {
    const present = this.#tokens[this.#at]
    if (present === undefined || !words.includes(present)) return false
    this.#at++
    return true
  }

  #need(word: string): void {
    if (!this.#take(word)) throw new QueryError(`${word} expected`)
  }

  #word(): string {
    const word = this.#tokens[this.#at++]
    if (word === undefined) throw new QueryError('unexpected end')
    return word
  }
}

/** Patterns are whole values, in the syntax of Java's regular expressions. */
const matches = (value: string, pattern: string): boolean => {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value)
  } catch {
    throw new QueryError(pattern)
  }
}
const COMPARE: Record<string, (value: string, wanted: string) => boolean> = {
  '==': (value, wanted) => value === wanted,
  equals: (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  not_equals: (value, wanted) => value !== wanted,
  '=~': matches,
  matches,
  '!~': (value, wanted) => !matches(value, wanted),
  '>': (value, wanted) => Number(value) > Number(wanted),
  greater_than: (value, wanted) => Number(value) > Number(wanted),
  '>=': (value, wanted) => Number(value) >= Number(wanted),
  greater_than_equal: (value, wanted) => Number(value) >= Number(wanted),
  '<': (value, wanted) => Number(value) < Number(wanted),
  less_than: (value, wanted) => Number(value) < Number(wanted),
  '<=': (value, wanted) => Number(value) <= Number(wanted),
  less_than_equal: (value, wanted) => Number(value) <= Number(wanted),
}

/** The values of a subject: of an instance one at most, of its tasks any number. */
function valuesOf({ instance, tasks }: Subject, name: string): string[] {
  if (name.startsWith('attribute:')) {
    const found = instance.attributes.find((one) => one.name === name.slice('attribute:'.length))
    return found ? [found.value ?? ''] : []
  }
  switch (name) {
    case 'agentConnected':
      return [String(instance.agentConnected)]
    case 'agentVersion':
      return []
    case 'ec2InstanceId':
      return [instance.machineId]
    case 'registeredAt':
      return [new Date(instance.registeredAt).toISOString()]
    case 'runningTasksCount':
      return [String(tasks.filter(({ lastStatus }) => lastStatus === 'RUNNING').length)]
    case 'task:group':
      return tasks.map(({ group }) => group)
    default:
      throw new QueryError(name)
  }
}
