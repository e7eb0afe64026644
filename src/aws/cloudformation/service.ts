import type { RequestContext, Service } from '../wire/service.ts'
import { changeSetHandlers } from './change-sets.ts'
import { driftHandlers } from './drift/handlers.ts'
import { stackHandlers } from './stacks.ts'
import { stacks } from './tables.ts'
import { viewHandlers } from './views.ts'

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html */
function resourceOf({ StackName: name }: { StackName?: string }, context: RequestContext): string {
  if (name === undefined) return '*'
  if (name.startsWith('arn:')) return name
  const { region, accountId } = context
  return stacks.find(context, name)?.arn ?? `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/*`
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/ */
export const cloudFormationService: Service = {
  name: 'cloudformation',
  sdk: () => import('@aws-sdk/client-cloudformation'),
  actionPrefix: 'cloudformation',
  endpoints: [{ prefix: 'cloudformation' }],
  botocoreName: 'cloudformation',
  handlers: { ...stackHandlers, ...changeSetHandlers, ...viewHandlers, ...driftHandlers },
  resources: (_operation, input, context) => resourceOf(input, context),
}
