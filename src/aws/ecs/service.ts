import type { RequestContext, ResourceResolver, Service } from '../wire/service.ts'
import { accountSettingHandlers } from './account-settings.ts'
import { capacityProviderHandlers } from './capacity-providers.ts'
import { clusterHandlers } from './clusters.ts'
import { attributeHandlers, containerInstanceHandlers } from './container-instances.ts'
import { executeCommandHandlers } from './execute-command.ts'
import { ecsArn, shortName } from './names.ts'
import { serviceDeploymentHandlers } from './service-deployments.ts'
import { serviceHandlers } from './services.ts'
import { tagHandlers } from './tags.ts'
import { taskDefinitionHandlers } from './task-definitions.ts'
import { taskProtectionHandlers } from './task-protection.ts'
import { taskSetHandlers } from './task-sets.ts'
import { taskHandlers } from './tasks.ts'

const clusterName = (named: string | undefined) => shortName(named || 'default')

/** Resolvers of a kind of resource, by name or ARN. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html */
const cluster: ResourceResolver<{ cluster?: string; clusterName?: string }> = (input, context) =>
  ecsArn(context, `cluster/${clusterName(input.cluster ?? input.clusterName)}`)
const service: ResourceResolver<{ cluster?: string; service?: string; serviceName?: string }> = (
  input,
  context,
) =>
  ecsArn(
    context,
    `service/${clusterName(input.cluster)}/${shortName(input.service ?? input.serviceName ?? '')}`,
  )
const taskSet: ResourceResolver<{ cluster?: string; service?: string; taskSet?: string }> = (
  input,
  context,
) =>
  ecsArn(
    context,
    `task-set/${clusterName(input.cluster)}/${shortName(input.service ?? '')}/${shortName(input.taskSet ?? '')}`,
  )
const task: ResourceResolver<{ cluster?: string; task?: string }> = (input, context) =>
  ecsArn(context, `task/${clusterName(input.cluster)}/${shortName(input.task ?? '')}`)
const definition: ResourceResolver<{ taskDefinition?: string }> = (input, context) =>
  definitionArn(context, input.taskDefinition ?? '')

const instance: ResourceResolver<{ cluster?: string; containerInstance?: string }> = (input, context) =>
  ecsArn(
    context,
    `container-instance/${clusterName(input.cluster)}/${shortName(input.containerInstance ?? '')}`,
  )
const provider: ResourceResolver<{ name?: string; capacityProvider?: string }> = (input, context) =>
  ecsArn(context, `capacity-provider/${shortName(input.name ?? input.capacityProvider ?? '')}`)

function definitionArn(context: RequestContext, named: string): string {
  const name = shortName(named)
  return ecsArn(context, `task-definition/${name.includes(':') ? name : `${name}:*`}`)
}

/** Amazon ECS: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ */
export const ecsService: Service = {
  name: 'ecs',
  sdk: () => import('@aws-sdk/client-ecs'),
  actionPrefix: 'ecs',
  endpoints: [{ prefix: 'ecs' }],
  botocoreName: 'ecs',
  handlers: {
    ...clusterHandlers,
    ...taskDefinitionHandlers,
    ...taskHandlers,
    ...serviceHandlers,
    ...serviceDeploymentHandlers,
    ...taskSetHandlers,
    ...containerInstanceHandlers,
    ...attributeHandlers,
    ...capacityProviderHandlers,
    ...taskProtectionHandlers,
    ...accountSettingHandlers,
    ...executeCommandHandlers,
    ...tagHandlers,
  },
  resources: {
    DeleteCluster: cluster,
    UpdateCluster: cluster,
    UpdateClusterSettings: cluster,
    PutClusterCapacityProviders: cluster,
    ListContainerInstances: cluster,
    RegisterTaskDefinition: (input: { family?: string }, context) =>
      ecsArn(context, `task-definition/${input.family ?? ''}:*`),
    RunTask: definition,
    StartTask: definition,
    StopTask: task,
    ExecuteCommand: (input: { cluster?: string; task?: string }, context) => [
      cluster(input, context) as string,
      task(input, context) as string,
    ],
    CreateService: service,
    UpdateService: service,
    DeleteService: service,
    CreateTaskSet: service,
    DescribeTaskSets: service,
    UpdateTaskSet: taskSet,
    DeleteTaskSet: taskSet,
    UpdateServicePrimaryTaskSet: service,
    ContinueServiceDeployment: (input: { serviceDeploymentArn?: string }) =>
      input.serviceDeploymentArn ?? '*',
    StopServiceDeployment: (input: { serviceDeploymentArn?: string }) => input.serviceDeploymentArn ?? '*',
    DescribeClusters: (input: { clusters?: string[] }, context) =>
      (input.clusters?.length ? input.clusters : ['default']).map((name) =>
        ecsArn(context, `cluster/${clusterName(name)}`),
      ),
    DescribeServices: (input: { cluster?: string; services?: string[] }, context) =>
      (input.services ?? []).map((name) =>
        ecsArn(context, `service/${clusterName(input.cluster)}/${shortName(name)}`),
      ),
    ListServiceDeployments: service,
    DescribeServiceDeployments: (input: { serviceDeploymentArns?: string[] }) =>
      input.serviceDeploymentArns ?? [],
    DescribeServiceRevisions: (input: { serviceRevisionArns?: string[] }) => input.serviceRevisionArns ?? [],
    DescribeTasks: (input: { cluster?: string; tasks?: string[] }, context) =>
      (input.tasks ?? []).map((name) =>
        ecsArn(context, `task/${clusterName(input.cluster)}/${shortName(name)}`),
      ),
    DeregisterContainerInstance: instance,
    UpdateContainerAgent: instance,
    PutAttributes: cluster,
    DeleteAttributes: cluster,
    ListAttributes: cluster,
    CreateCapacityProvider: provider,
    UpdateCapacityProvider: provider,
    DeleteCapacityProvider: provider,
    TagResource: (input: { resourceArn?: string }) => input.resourceArn ?? '*',
    UntagResource: (input: { resourceArn?: string }) => input.resourceArn ?? '*',
    ListTagsForResource: (input: { resourceArn?: string }) => input.resourceArn ?? '*',
  },
}
