import { nameOf, parameterArn, plainParameter } from '../ssm/parameters.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import type { Scope } from './scope.ts'

const PREFIX = 'resolve:ssm:'

/**
 * The image id that a request means: `resolve:ssm:<name>`, with `:<version>` or `:<label>`, is what the parameter holds now. A caller
 * needs `ssm:GetParameters` for it; a service that launches by itself is not asked.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html (read 2026-11; the error from knowledge)
 */
export function resolvedImage(
  scope: Scope & Partial<Pick<RequestContext, 'authorize'>>,
  given: string,
): string {
  if (!given.startsWith(PREFIX)) return given
  const asked = given.slice(PREFIX.length)
  const [name = ''] = asked.startsWith('arn:') ? [nameOf(asked)] : asked.split(':')
  scope.authorize?.('ssm:GetParameters', parameterArn(scope, name))
  try {
    return plainParameter(scope, asked).value
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw new AwsError('InvalidParameterValue', `Could not find parameter ${asked} in Systems Manager`)
  }
}
