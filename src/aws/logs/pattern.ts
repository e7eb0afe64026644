import { AwsError } from '../wire/service.ts'

/**
 * Whether a message matches a filter pattern of terms: all of them, none after `-`, any of those after `?`.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForUnstructuredLogs.html
 */
export function filterPattern(pattern: string | undefined): (message: string) => boolean {
  const text = pattern?.trim() ?? ''
  if (text === '') return () => true
  if (/^[{[]/.test(text) || text.includes('%'))
    throw new AwsError(
      'NotImplemented',
      'Drydock simulates filter patterns of terms only (ERROR "two words" -DEBUG ?a ?b), not JSON, space-delimited or regular expression patterns.',
      { status: 501 },
    )
  const terms = [...text.matchAll(/([?-]?)(?:"([^"]*)"|(\S+))/g)].map(([, sign, quoted, plain]) => ({
    sign,
    term: quoted ?? plain ?? '',
  }))
  const of = (sign: string) => terms.filter((one) => one.sign === sign).map(({ term }) => term)
  const [all, none, any] = [of(''), of('-'), of('?')]
  return (message) => {
    if (none.some((term) => message.includes(term))) return false
    // Optional terms count only where there are no others.
    if (all.length > 0) return all.every((term) => message.includes(term))
    return any.length === 0 || any.some((term) => message.includes(term))
  }
}
