import type { ProtocolName } from './model.ts'
import { AwsError } from './service.ts'

/** A part of the input that does not satisfy its constraint. */
export type Violation = { path: (string | number)[]; value: unknown } & (
  | { kind: 'missing' }
  | { kind: 'pattern'; pattern: string }
  | { kind: 'enum'; allowed: string[] }
  | { kind: 'min' | 'max'; limit: number; measure: 'length' | 'value' }
)

/** The validation error of a service, in its own code and words. */
export function violationError(service: string, protocol: ProtocolName, violations: Violation[]): AwsError {
  const first = violations[0]!
  if (protocol === 'ec2') return ec2Error(first)
  if (service === 'ecr' || service === 'ecr-public') return ecrError(first)
  if (service === 'eks') return eksError(first)
  if (service === 'logs' || service === 'ecs')
    return new AwsError('InvalidParameterException', commonText(violations))
  const code = protocol === 'query' || service === 'cloudwatch' ? 'ValidationError' : 'ValidationException'
  if (service === 'iam' && first.kind === 'pattern' && IAM_PATTERNS[first.pattern]) {
    return new AwsError(
      code,
      `The specified value for ${pathText(first.path)} is invalid. ${IAM_PATTERNS[first.pattern]}`,
    )
  }
  return new AwsError(code, commonText(violations))
}

/** IAM words its commonest patterns for people. */
const IAM_PATTERNS: Record<string, string> = {
  '[\\w+=,.@-]+': 'It must contain only alphanumeric characters and/or the following: +=,.@_-',
  '(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)':
    'It must begin and end with / and contain only alphanumeric characters and/or / characters.',
}

/** The wording of most services. */
function commonText(violations: Violation[]): string {
  const count = violations.length === 1 ? '1 validation error' : `${violations.length} validation errors`
  const each = violations.map(
    (violation) =>
      `Value ${valueText(violation.value)} at '${pathText(violation.path)}' failed to satisfy constraint: Member ${demand(violation)}`,
  )
  return `${count} detected: ${each.join('; ')}`
}

function demand(violation: Violation): string {
  switch (violation.kind) {
    case 'missing':
      return 'must not be null'
    case 'pattern':
      return `must satisfy regular expression pattern: ${violation.pattern}`
    case 'enum':
      return `must satisfy enum value set: [${violation.allowed.join(', ')}]`
    case 'min':
      return `must have ${violation.measure} greater than or equal to ${violation.limit}`
    case 'max':
      return `must have ${violation.measure} less than or equal to ${violation.limit}`
  }
}

function ec2Error(violation: Violation): AwsError {
  const name = violation.path.map(String).join('.')
  switch (violation.kind) {
    case 'missing':
      return new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
    case 'min':
    case 'max': {
      const side = violation.kind === 'min' ? 'greater' : 'less'
      const text = `Value ( ${plain(violation.value)} ) for parameter ${lowerFirst(name)} is invalid. Expecting a value ${side} than or equal to ${violation.limit}.`
      return new AwsError('InvalidParameterValue', text)
    }
    default:
      return new AwsError('InvalidParameterValue', `Invalid value '${plain(violation.value)}' for ${name}.`)
  }
}

function ecrError(violation: Violation): AwsError {
  const text =
    violation.kind === 'pattern'
      ? `must satisfy regular expression '${violation.pattern}'`
      : `Member ${demand(violation)}`
  return new AwsError(
    'InvalidParameterException',
    `Invalid parameter at '${pathText(violation.path)}' failed to satisfy constraint: '${text}'`,
  )
}

/** The pattern of EKS's names, and how EKS explains it. */
const EKS_NAME = '^[0-9A-Za-z][A-Za-z0-9\\-_]*'

function eksError(violation: Violation): AwsError {
  if (violation.kind !== 'pattern' || violation.pattern !== EKS_NAME)
    return new AwsError('InvalidParameterException', commonText([violation]))
  const text = `The parameter ${pathText(violation.path)} contains invalid characters. It should conform to the regular expression "^[0-9A-Za-z][A-Za-z0-9-_]*"In other words, it should start with a number or letter, and can contain numbers, letters, dashes, and underscores.`
  return new AwsError('InvalidParameterException', text)
}

function pathText(path: (string | number)[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `${step}.member`
        : index === 0 || path[index - 1] !== 'value'
          ? lowerFirst(step)
          : step,
    )
    .join('.')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function valueText(value: unknown): string {
  return value === undefined ? 'null' : `'${plain(value)}'`
}

function plain(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plain).join(', ')}]`
  // As Java prints a buffer, and services with it.
  if (value instanceof Uint8Array)
    return `java.nio.HeapByteBuffer[pos=0 lim=${value.length} cap=${value.length}]`
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
}
