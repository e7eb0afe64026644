import { rolePrincipal } from '../iam/identity.ts'
import type { RequestContext } from '../wire/service.ts'
import { AwsError } from '../wire/service.ts'
import type { StackRecord, Wanted } from './records.ts'
import { capabilitiesOf, checkTemplate } from './template/check.ts'
import { type GivenParameter, parameterValues } from './template/parameters.ts'
import { parseTemplate } from './template/parse.ts'
import { RESOURCE_TYPES } from './types/index.ts'

/** What the requests that make or change a stack have in common. */
export interface StackRequest {
  StackName?: string
  TemplateBody?: string
  TemplateURL?: string
  UsePreviousTemplate?: boolean
  Parameters?: GivenParameter[]
  Capabilities?: string[]
  Tags?: { Key?: string; Value?: string }[]
  RoleARN?: string
  NotificationARNs?: string[]
}

export const validation = (message: string) => new AwsError('ValidationError', message)

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (from knowledge) */
const TEMPLATE_LIMIT_BYTES = 51_200

/** The text of the template that a request brings. Throws ValidationError. */
export function templateText(
  { TemplateBody, TemplateURL, UsePreviousTemplate }: StackRequest,
  previous?: string,
): string {
  if (TemplateURL !== undefined)
    throw validation(
      'Drydock does not simulate Amazon S3, where TemplateURL leads: pass the template with --template-body.',
    )
  const text = UsePreviousTemplate ? previous : TemplateBody
  if (text === undefined) throw validation('Either Template URL or Template Body must be specified.')
  if (Buffer.byteLength(text) > TEMPLATE_LIMIT_BYTES)
    throw validation(
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${TEMPLATE_LIMIT_BYTES}`,
    )
  return text
}

/** Checks a request's template, parameters and capabilities. Throws ValidationError or InsufficientCapabilitiesException. */
export function wantedOf(request: StackRequest, previous?: Wanted): Wanted {
  const text = templateText(request, previous?.template)
  const template = parseTemplate(text)
  checkTemplate(template, RESOURCE_TYPES)
  const parameters = parameterValues(template, request.Parameters ?? [], previous?.parameters)
  const given = request.Capabilities ?? []
  const { capabilities } = capabilitiesOf(template)
  const [needed] = capabilities
  // The stronger capability stands for the weaker one.
  if (needed !== undefined && !given.includes(needed) && !given.includes('CAPABILITY_NAMED_IAM'))
    throw new AwsError('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`)
  const tags = request.Tags
    ? Object.fromEntries(request.Tags.map(({ Key, Value }) => [Key!, Value ?? '']))
    : (previous?.tags ?? {})
  return { template: text, parameters, tags, capabilities: given }
}

/** Who a stack's calls are made as: the caller, or the role that the caller passes. Throws. */
export function workerOf(
  context: RequestContext,
  roleArn: string | undefined,
): Pick<StackRecord, 'principal' | 'roleArn'> {
  if (roleArn === undefined) return { principal: context.principal }
  context.authorize('iam:PassRole', roleArn, { 'iam:PassedToService': 'cloudformation.amazonaws.com' })
  const principal = rolePrincipal(context.world, roleArn, 'AWSCloudFormation')
  if (!principal) throw validation(`Role ${roleArn} is invalid or cannot be assumed`)
  return { principal, roleArn }
}

/** One page of a list: at most a hundred. */
export function pageOf<T>(
  all: T[],
  token: string | undefined,
  size = 100,
): { items: T[]; NextToken?: string } {
  const offset = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString())
  if (!Number.isSafeInteger(offset) || offset < 0) throw validation('Invalid NextToken')
  const end = offset + size
  return {
    items: all.slice(offset, end),
    ...(end < all.length ? { NextToken: Buffer.from(String(end)).toString('base64url') } : {}),
  }
}
