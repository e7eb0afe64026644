import { badRequest } from './errors.ts'
import { FORMS, formErrors, qualifiedNameErrors } from './validation/names.ts'

type Labels = Record<string, string>
type Test = (labels: Labels) => boolean

const WORDS = /==|!=|[=!()<>,]|[^\s=!()<>,]+/g
const SYMBOLS = new Set(['==', '!=', '=', '!', '(', ')', '<', '>', ',', ''])
const COMPARISONS = new Set(['=', '==', '!=', '<', '>'])
const OPERATORS = 'in, notin, =, ==, !=, gt, lt'

/** Parses `app=web,tier in (a,b),!canary`. Throws BadRequest in the words of apimachinery's pkg/labels of 1.35. */
export function labelSelector(text: string): Test {
  const words = new Words(text)
  const tests: Test[] = []
  while (words.next !== '') {
    const word = words.next
    if (word !== '!' && SYMBOLS.has(word))
      throw badRequest(`found '${word}', expected: !, identifier, or 'end of string'`)
    tests.push(requirement(words))
    const after = words.take()
    if (after === '') break
    if (after !== ',') throw badRequest(`found '${after}', expected: ',' or 'end of string'`)
    if (words.next !== '!' && SYMBOLS.has(words.next))
      throw badRequest(`found '${words.next}', expected: identifier after ','`)
  }
  return (labels) => tests.every((test) => test(labels))
}

/** The words of a selector; the empty one is its end. */
class Words {
  readonly #words: string[]

  constructor(text: string) {
    this.#words = text.match(WORDS) ?? []
  }

  get next(): string {
    return this.#words[0] ?? ''
  }

  take(): string {
    return this.#words.shift() ?? ''
  }
}

const wrong = (why: string) => badRequest(`unable to parse requirement: ${why}`)

function requirement(words: Words): Test {
  const absent = words.next === '!'
  if (absent) words.take()
  const key = words.take()
  if (SYMBOLS.has(key)) throw wrong(`found '${key}', expected: identifier`)
  // A selector has no path in an object: Go prints none as `<nil>`.
  refuse('<nil>', key, qualifiedNameErrors(key))
  if (absent) return (labels) => labels[key] === undefined
  if (words.next === '' || words.next === ',') return (labels) => labels[key] !== undefined
  const operator = words.take()
  if (operator === 'in' || operator === 'notin') return membership(key, operator === 'in', values(words))
  if (!COMPARISONS.has(operator)) throw wrong(`found '${operator}', expected: ${OPERATORS}`)
  return comparison(key, operator, exactValue(words))
}

function membership(key: string, wanted: boolean, list: string[]): Test {
  list.sort().forEach((value, index) => {
    refuse(`values[${index}][${key}]`, value, formErrors(value, FORMS.labelValue))
  })
  const set = new Set(list)
  return (labels) => (labels[key] === undefined ? !wanted : set.has(labels[key]) === wanted)
}

function comparison(key: string, operator: string, value: string): Test {
  if (operator === '<' || operator === '>') {
    if (!/^[-+]?\d+$/.test(value))
      refuse('values[0]', value, ["for 'Gt', 'Lt' operators, the value must be an integer"])
    const sign = operator === '>' ? 1 : -1
    return (labels) => sign * (Number(labels[key]) - Number(value)) > 0
  }
  refuse(`values[0][${key}]`, value, formErrors(value, FORMS.labelValue))
  return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value
}

function refuse(field: string, value: string, errors: string[]): void {
  if (errors.length > 0)
    throw wrong(`${field}: Invalid value: ${JSON.stringify(value)}: ${errors.join('; ')}`)
}

/** What stands behind an operator; nothing is the empty value. */
function exactValue(words: Words): string {
  if (words.next === '' || words.next === ',') return ''
  const value = words.take()
  if (SYMBOLS.has(value)) throw wrong(`found '${value}', expected: identifier`)
  return value
}

/** `(a, b)`; between commas may be nothing, which is the empty value. */
function values(words: Words): string[] {
  const open = words.take()
  if (open !== '(') throw wrong(`found '${open}' expected: '('`)
  if (words.next !== ')' && words.next !== ',' && SYMBOLS.has(words.next))
    throw wrong(`found '${words.next}', expected: ',', ')' or identifier`)
  const list: string[] = []
  for (;;) {
    list.push(SYMBOLS.has(words.next) ? '' : words.take())
    const after = words.take()
    if (after === ')') return list
    if (after !== ',') throw wrong(`found '${after}', expected: ',' or ')'`)
  }
}
