import { RE2JS } from 're2js'
import { AwsError } from '../../wire/service.ts'
import type { Template, TemplateParameter } from './parse.ts'

export interface GivenParameter {
  ParameterKey?: string
  ParameterValue?: string
  UsePreviousValue?: boolean
}

const validation = (message: string) => new AwsError('ValidationError', message)

/**
 * The values of a template's parameters: given ones, previous ones, defaults. Throws ValidationError.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
 */
export function parameterValues(
  { Parameters }: Template,
  given: GivenParameter[],
  previous: Record<string, string> = {},
): Record<string, string> {
  const strange = given.map(({ ParameterKey }) => ParameterKey!).filter((key) => !(key in Parameters))
  if (strange.length > 0) throw validation(`Parameters: [${strange.join(', ')}] do not exist in the template`)
  const byKey = new Map(given.map((one) => [one.ParameterKey!, one]))
  const values: Record<string, string> = {}
  const missing: string[] = []
  for (const [name, parameter] of Object.entries(Parameters)) {
    const one = byKey.get(name)
    if (one?.UsePreviousValue && !(name in previous))
      throw validation(
        `Invalid input for parameter key ${name}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
      )
    const value = one?.UsePreviousValue ? previous[name] : (one?.ParameterValue ?? defaultOf(parameter))
    if (value === undefined) missing.push(name)
    else values[name] = value
  }
  if (missing.length > 0) throw validation(`Parameters: [${missing.join(', ')}] must have values`)
  for (const [name, value] of Object.entries(values)) checkValue(name, Parameters[name]!, value)
  return values
}

function defaultOf({ Default }: TemplateParameter): string | undefined {
  if (Default === undefined) return undefined
  return Array.isArray(Default) ? Default.join(',') : String(Default)
}

function checkValue(name: string, parameter: TemplateParameter, value: string): void {
  const { Type, AllowedValues, AllowedPattern, ConstraintDescription } = parameter
  const fail = (text: string) =>
    validation(
      ConstraintDescription === undefined
        ? `Parameter '${name}' ${text}`
        : `Parameter ${name} failed to satisfy constraint: ${ConstraintDescription}`,
    )
  const items = isList(Type) ? splitList(value) : [value]
  for (const item of items) {
    if (AllowedValues && !AllowedValues.some((allowed) => String(allowed) === item))
      throw fail('must be one of AllowedValues')
    if (AllowedPattern !== undefined && !matches(AllowedPattern, item))
      throw fail(`must match pattern ${AllowedPattern}`)
    if (/Number/.test(Type)) {
      const number = Number(item)
      if (item.trim() === '' || Number.isNaN(number))
        throw validation(`Parameter '${name}' must be a number.`)
      if (parameter.MinValue !== undefined && number < Number(parameter.MinValue))
        throw fail(`must be a number not less than ${parameter.MinValue}`)
      if (parameter.MaxValue !== undefined && number > Number(parameter.MaxValue))
        throw fail(`must be a number not greater than ${parameter.MaxValue}`)
    } else {
      if (parameter.MinLength !== undefined && item.length < Number(parameter.MinLength))
        throw fail(`must contain at least ${parameter.MinLength} characters`)
      if (parameter.MaxLength !== undefined && item.length > Number(parameter.MaxLength))
        throw fail(`must contain at most ${parameter.MaxLength} characters`)
    }
  }
}

export const isList = (type: string) => type === 'CommaDelimitedList' || /^List<|<List</.test(type)

export const splitList = (value: string) => (value === '' ? [] : value.split(',').map((item) => item.trim()))

/** The SSM parameter that stands behind a parameter of type `AWS::SSM::Parameter::Value<…>`. */
export const isSsmParameter = (type: string) => type.startsWith('AWS::SSM::Parameter::Value<')

/** Whether a value is as a pattern asks, in time that grows with its length only. */
function matches(pattern: string, value: string): boolean {
  try {
    return RE2JS.compile(pattern).matches(value)
  } catch {
    throw validation(`Template format error: AllowedPattern ${pattern} is not a valid regular expression.`)
  }
}
