import { AwsError } from '../wire/service.ts'
import { validation } from './errors.ts'

/** https://docs.aws.amazon.com/general/latest/gr/ssm.html (from knowledge): bytes of a value, by tier. */
const LIMITS = { Standard: 4096, Advanced: 8192 }
const DEEPEST = 15
/** https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html */
export const VERSIONS_KEPT = 100
export const LABELS_PER_VERSION = 10

/** Throws for names that Parameter Store does not take. */
export function checkName(name: string): void {
  if (/^\/?ssm/i.test(name))
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    )
  if (/^\/?aws/i.test(name))
    throw new AwsError('AccessDeniedException', `No access to reserved parameter name: ${name}.`)
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name))
    throw validation(
      'Parameter name must be a fully qualified name or can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    )
  if (name.includes('/') && !name.startsWith('/'))
    throw validation('Parameter name must be a fully qualified name.')
  if (name.split('/').length - 1 > DEEPEST)
    throw new AwsError(
      'HierarchyLevelLimitExceededException',
      `Parameter name hierarchy exceeds the maximum number of levels: ${DEEPEST}.`,
    )
}

/** Which tier a value needs, given what the caller asked for. Throws ValidationException. */
export function tierOf(
  value: string,
  asked: string | undefined,
  policies: string | undefined,
): 'Standard' | 'Advanced' {
  const length = Buffer.byteLength(value)
  const needsMore = length > LIMITS.Standard || Boolean(policies)
  const tier =
    asked === 'Advanced' || (asked === 'Intelligent-Tiering' && needsMore) ? 'Advanced' : 'Standard'
  if (tier === 'Standard' && policies)
    throw validation('Parameter policies are supported only for parameters of the advanced tier.')
  if (tier === 'Standard' && length > LIMITS.Standard)
    throw validation(
      'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    )
  if (length > LIMITS.Advanced)
    throw validation(
      'Advanced tier parameters support a maximum parameter value of 8192 characters. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html',
    )
  return tier
}

export function checkPattern(value: string, pattern: string | undefined): void {
  if (!pattern) return
  let fits: boolean
  try {
    fits = new RegExp(`^(?:${pattern})$`).test(value)
  } catch {
    throw new AwsError(
      'InvalidAllowedPatternException',
      'The specified allowed pattern is not a valid regular expression.',
    )
  }
  if (!fits)
    throw new AwsError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    )
}

/** Labels that may not be used. */
export const isBadLabel = (label: string): boolean =>
  /^(aws|ssm)/i.test(label) || /^\d/.test(label) || !/^[a-zA-Z0-9_.-]{1,100}$/.test(label)
