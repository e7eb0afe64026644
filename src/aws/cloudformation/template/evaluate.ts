import { AwsError } from '../../wire/service.ts'
import { isObject, splitAttribute } from './parse.ts'
import { substitute } from './references.ts'

/** What the functions of a template are resolved against. */
export interface Surroundings {
  /** Parameters and pseudo parameters; lists as arrays. */
  values: Record<string, unknown>
  mappings: Record<string, Record<string, Record<string, unknown>>>
  conditions: Record<string, unknown>
  /** What `Ref` gives for a resource; undefined: not made, or no such resource. */
  reference(logicalId: string): string | undefined
  /** What `Fn::GetAtt` gives; undefined: the type has no such attribute. */
  attribute(logicalId: string, name: string): unknown
  /** The value of an export of another stack; undefined: there is none. */
  imported(name: string): string | undefined
  /** The availability zones of a region. */
  zones(region: string): string[]
}

/** Stands for `AWS::NoValue`: what has it is left out. */
export const NO_VALUE = Symbol('AWS::NoValue')

const templateError = (message: string) => new AwsError('ValidationError', `Template error: ${message}`)

type Intrinsic = (argument: unknown, evaluator: Evaluator) => unknown

/**
 * Resolves the functions of a template.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export class Evaluator {
  readonly around: Surroundings
  readonly #conditions = new Map<string, boolean>()

  constructor(around: Surroundings) {
    this.around = around
  }

  /** A value with all its functions resolved. Throws ValidationError. */
  resolve(value: unknown): unknown {
    if (Array.isArray(value))
      return value.map((item) => this.resolve(item)).filter((item) => item !== NO_VALUE)
    if (!isObject(value)) return value
    const keys = Object.keys(value)
    const name = keys[0]
    if (keys.length === 1 && name !== undefined && (name === 'Ref' || name.startsWith('Fn::'))) {
      const intrinsic = INTRINSICS[name]
      if (!intrinsic) throw templateError(`Drydock does not simulate the function ${name}`)
      return intrinsic(value[name], this)
    }
    const entries = Object.entries(value).map(([key, item]) => [key, this.resolve(item)] as const)
    return Object.fromEntries(entries.filter(([, item]) => item !== NO_VALUE))
  }

  text(value: unknown): string {
    const resolved = this.resolve(value)
    return typeof resolved === 'object' ? JSON.stringify(resolved) : String(resolved)
  }

  /** Whether a condition of the template holds. */
  condition(name: string): boolean {
    const known = this.#conditions.get(name)
    if (known !== undefined) return known
    const holds = this.test(this.around.conditions[name])
    this.#conditions.set(name, holds)
    return holds
  }

  test(value: unknown): boolean {
    if (isObject(value) && typeof value.Condition === 'string') return this.condition(value.Condition)
    const resolved = this.resolve(value)
    return resolved === true || resolved === 'true'
  }
}

function listOf(argument: unknown, name: string, length?: number): unknown[] {
  if (!Array.isArray(argument) || (length !== undefined && argument.length !== length))
    throw templateError(
      `every ${name} object requires ${length === undefined ? 'a list of parameters' : `${length} parameters`}.`,
    )
  return argument
}

const INTRINSICS: Record<string, Intrinsic> = {
  Ref: (name, { around }) => {
    if (name === 'AWS::NoValue') return NO_VALUE
    const value = around.values[String(name)] ?? around.reference(String(name))
    if (value === undefined)
      throw templateError(`Unresolved resource dependencies [${name}] in the Resources block of the template`)
    return value
  },
  'Fn::GetAtt': (argument, evaluator) => {
    const [name, attribute] =
      typeof argument === 'string'
        ? splitAttribute(argument)
        : (listOf(argument, 'Fn::GetAtt', 2) as [string, unknown])
    return attributeOf(evaluator, String(name), evaluator.text(attribute))
  },
  'Fn::Sub': (argument, evaluator) => {
    const [text, local = {}] = Array.isArray(argument) ? argument : [argument]
    return substitute(String(text), (name) => {
      if (name in (local as object)) return evaluator.text((local as Record<string, unknown>)[name])
      if (!name.includes('.') || name in evaluator.around.values) return evaluator.text({ Ref: name })
      return asText(attributeOf(evaluator, ...splitAttribute(name)))
    })
  },
  'Fn::Join': (argument, evaluator) => {
    const [delimiter, items] = listOf(argument, 'Fn::Join', 2)
    const list = evaluator.resolve(items)
    if (!Array.isArray(list))
      throw templateError(
        'every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.',
      )
    return list.map(asText).join(String(delimiter))
  },
  'Fn::Split': (argument, evaluator) => {
    const [delimiter, text] = listOf(argument, 'Fn::Split', 2)
    return evaluator.text(text).split(String(delimiter))
  },
  'Fn::Select': (argument, evaluator) => {
    const [index, items] = listOf(argument, 'Fn::Select', 2)
    const list = evaluator.resolve(items)
    const at = Number(evaluator.resolve(index))
    if (!Array.isArray(list) || !(at in list))
      throw templateError(`Fn::Select cannot select nonexistent value at index ${at}`)
    return list[at]
  },
  'Fn::FindInMap': (argument, evaluator) => {
    const [map, top, second, options] = listOf(argument, 'Fn::FindInMap').map((one) =>
      evaluator.resolve(one),
    ) as [string, string, string, { DefaultValue?: unknown }?]
    const found = evaluator.around.mappings[map]?.[top]?.[second] ?? options?.DefaultValue
    if (found === undefined) throw templateError(`Unable to get mapping for ${map}::${top}::${second}`)
    return found
  },
  'Fn::GetAZs': (argument, evaluator) => {
    const region = evaluator.text(argument)
    return evaluator.around.zones(region === '' ? String(evaluator.around.values['AWS::Region']) : region)
  },
  'Fn::Base64': (argument, evaluator) => Buffer.from(evaluator.text(argument)).toString('base64'),
  'Fn::ImportValue': (argument, evaluator) => {
    const name = evaluator.text(argument)
    const value = evaluator.around.imported(name)
    if (value === undefined) throw new AwsError('ValidationError', `No export named ${name} found.`)
    return value
  },
  'Fn::Cidr': (argument, evaluator) => {
    const [block, count, bits = 8] = listOf(argument, 'Fn::Cidr').map((one) => evaluator.resolve(one))
    return divide(String(block), Number(count), Number(bits))
  },
  'Fn::If': (argument, evaluator) => {
    const [name, yes, no] = listOf(argument, 'Fn::If', 3)
    return evaluator.resolve(evaluator.condition(String(name)) ? yes : no)
  },
  'Fn::Equals': (argument, evaluator) => {
    const [left, right] = listOf(argument, 'Fn::Equals', 2)
    return evaluator.text(left) === evaluator.text(right)
  },
  'Fn::And': (argument, evaluator) => listOf(argument, 'Fn::And').every((one) => evaluator.test(one)),
  'Fn::Or': (argument, evaluator) => listOf(argument, 'Fn::Or').some((one) => evaluator.test(one)),
  'Fn::Not': (argument, evaluator) => !evaluator.test(listOf(argument, 'Fn::Not', 1)[0]),
  'Fn::Length': (argument, evaluator) => {
    const list = evaluator.resolve(argument)
    if (!Array.isArray(list)) throw templateError('Fn::Length requires a list.')
    return list.length
  },
  'Fn::ToJsonString': (argument, evaluator) => JSON.stringify(evaluator.resolve(argument)),
}

const asText = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))

function attributeOf({ around }: Evaluator, resource: string, attribute: string): unknown {
  const value = around.attribute(resource, attribute)
  if (value === undefined)
    throw templateError(`resource ${resource} does not support attribute type ${attribute} in Fn::GetAtt`)
  return value
}

/** The first `count` subnets of `bits` host bits in an IPv4 block. */
function divide(block: string, count: number, bits: number): string[] {
  const [address = '', prefix = '32'] = block.split('/')
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const size = 2 ** bits
  if (!(count > 0 && count <= 256) || count * size > 2 ** (32 - Number(prefix)))
    throw templateError(`Fn::Cidr cannot make ${count} subnets of ${bits} bits in ${block}`)
  return Array.from({ length: count }, (_, index) => {
    const start = base + index * size
    return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${32 - bits}`
  })
}
