import type { RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import { activationHandlers } from './activations.ts'
import { nameOf, parameterArn, parameterHandlers } from './parameters.ts'
import { sessionHandlers, sessionTarget } from './sessions.ts'
import { tagHandlers } from './tags.ts'

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
const named: ResourceResolver<{ Name?: string }> = (input, context) => arnOf(context, input.Name ?? '')
const several: ResourceResolver<{ Names?: string[] }> = (input, context) =>
  (input.Names ?? []).map((name) => arnOf(context, name))

const session: ResourceResolver<{ SessionId?: string }> = (input, { region, accountId }) =>
  `arn:aws:ssm:${region}:${accountId}:session/${input.SessionId ?? ''}`

/** Rights are given on a parameter, whatever version or label is asked for. */
const arnOf = (context: RequestContext, given: string) =>
  parameterArn(context, nameOf(given).replace(/:[^/:]+$/, ''))

/** AWS Systems Manager: https://docs.aws.amazon.com/systems-manager/latest/APIReference/ */
export const ssmService: Service = {
  name: 'ssm',
  sdk: () => import('@aws-sdk/client-ssm'),
  actionPrefix: 'ssm',
  endpoints: [{ prefix: 'ssm' }],
  botocoreName: 'ssm',
  handlers: { ...parameterHandlers, ...activationHandlers, ...sessionHandlers, ...tagHandlers },
  resources: {
    PutParameter: named,
    GetParameter: named,
    GetParameterHistory: named,
    DeleteParameter: named,
    LabelParameterVersion: named,
    UnlabelParameterVersion: named,
    GetParameters: several,
    DeleteParameters: several,
    GetParametersByPath: (input: { Path?: string }, context) => parameterArn(context, input.Path ?? ''),
    StartSession: (input: { Target?: string }, context) => sessionTarget(context, input.Target ?? ''),
    ResumeSession: session,
    TerminateSession: session,
    AddTagsToResource: tagTarget,
    RemoveTagsFromResource: tagTarget,
    ListTagsForResource: tagTarget,
  },
}

function tagTarget(input: { ResourceType?: string; ResourceId?: string }, context: RequestContext): string {
  const { region, accountId } = context
  const id = input.ResourceId ?? ''
  if (input.ResourceType === 'Parameter') return arnOf(context, id)
  return `arn:aws:ssm:${region}:${accountId}:${input.ResourceType === 'ManagedInstance' ? 'managed-instance' : 'activation'}/${id}`
}
