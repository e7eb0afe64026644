import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { ensureLinkedRole } from '../iam/linked-roles.ts'
import { createHttpNamespace } from '../servicediscovery/index.ts'
import { AwsError, type Handler } from '../wire/service.ts'
import { settingOf } from './account-settings.ts'
import { checkProviderNames, markGroups } from './capacity-providers.ts'
import { attachmentsOf, toAttachments, toChange } from './cluster-attachments.ts'
import { registered } from './container-instances.ts'
import { invalid, notSimulated } from './errors.ts'
import { clusterOf, ecsArn, page, shortName, tagsOf, toTags } from './names.ts'
import type { ClusterRecord, TaskRecord } from './records.ts'
import { namespaceNamed } from './service-connect.ts'
import { clusters, services, tasks } from './tables.ts'

function toCluster(scope: Scope, record: ClusterRecord, include: string[] = []): sdk.Cluster {
  const own = tasks.list(scope, record.name).filter(({ lastStatus }) => lastStatus !== 'STOPPED')
  const active = services.list(scope, record.name).filter(({ status }) => status !== 'INACTIVE')
  const running = own.filter(({ lastStatus }) => lastStatus === 'RUNNING')
  const pending = own.filter(({ lastStatus }) => /^(PROVISIONING|PENDING|ACTIVATING)$/.test(lastStatus))
  const count = (of: TaskRecord[], kind: string) => of.filter(({ launchType }) => launchType === kind).length
  const servicesOn = (kind: string, status: string) =>
    active.filter((one) => one.deployments[0]?.launchType === kind && one.status === status).length
  return {
    clusterArn: record.arn,
    clusterName: record.name,
    status: record.status,
    registeredContainerInstancesCount: registered(scope, record.name).length,
    runningTasksCount: running.length,
    pendingTasksCount: pending.length,
    activeServicesCount: active.length,
    statistics: include.includes('STATISTICS')
      ? Object.entries({
          runningEC2TasksCount: count(running, 'EC2'),
          runningFargateTasksCount: count(running, 'FARGATE'),
          pendingEC2TasksCount: count(pending, 'EC2'),
          pendingFargateTasksCount: count(pending, 'FARGATE'),
          runningExternalTasksCount: count(running, 'EXTERNAL'),
          pendingExternalTasksCount: count(pending, 'EXTERNAL'),
          activeEC2ServiceCount: servicesOn('EC2', 'ACTIVE'),
          activeFargateServiceCount: servicesOn('FARGATE', 'ACTIVE'),
          drainingEC2ServiceCount: servicesOn('EC2', 'DRAINING'),
          drainingFargateServiceCount: servicesOn('FARGATE', 'DRAINING'),
          activeExternalServiceCount: servicesOn('EXTERNAL', 'ACTIVE'),
          drainingExternalServiceCount: servicesOn('EXTERNAL', 'DRAINING'),
        }).map(([name, value]) => ({ name, value: String(value) }))
      : [],
    tags: include.includes('TAGS') ? toTags(record.tags) : [],
    settings: include.includes('SETTINGS') ? record.settings : [],
    ...(include.includes('CONFIGURATIONS') && record.execute
      ? { configuration: { executeCommandConfiguration: record.execute } }
      : {}),
    ...(record.connectNamespace ? { serviceConnectDefaults: { namespace: record.connectNamespace } } : {}),
    capacityProviders: record.capacityProviders,
    defaultCapacityProviderStrategy: record.defaultStrategy,
    ...(include.includes('ATTACHMENTS') ? toAttachments(record) : {}),
  }
}

const EVERYTHING = ['TAGS', 'SETTINGS', 'CONFIGURATIONS', 'ATTACHMENTS']

/** How ECS Exec is to log. Throws for what contradicts itself. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommandConfiguration.html */
function executeOf(configuration: sdk.ClusterConfiguration | undefined): Pick<ClusterRecord, 'execute'> {
  const execute = configuration?.executeCommandConfiguration
  if (!execute) return {}
  const { logging = 'DEFAULT', logConfiguration } = execute
  if (logging === 'OVERRIDE' && !logConfiguration)
    throw invalid('logConfiguration must be specified when logging is set to OVERRIDE.')
  if (logging !== 'OVERRIDE' && logConfiguration)
    throw invalid('logConfiguration can only be specified when logging is set to OVERRIDE.')
  if (logConfiguration?.s3BucketName) throw notSimulated('logs of ECS Exec in S3')
  return { execute: { ...execute, logging } }
}

/** A strategy with its defaults. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html */
const strategyOf = (items: sdk.CapacityProviderStrategyItem[] = []): sdk.CapacityProviderStrategyItem[] =>
  items.map(({ capacityProvider, weight = 0, base = 0 }) => ({ capacityProvider, weight, base }))

function checkProviders(scope: Scope, names: string[], strategy: sdk.CapacityProviderStrategyItem[]): void {
  checkProviderNames(scope, names)
  for (const { capacityProvider } of strategy)
    if (!names.includes(shortName(capacityProvider!)))
      throw invalid(
        'The specified default capacity provider strategy contains a capacity provider that is not associated with the cluster.',
      )
}

/** The namespace of a cluster's services: one that exists, or a new HTTP namespace of that name; an empty name takes it away. */
function connectDefaults(
  scope: Scope,
  defaults: sdk.ClusterServiceConnectDefaultsRequest | undefined,
): Pick<ClusterRecord, 'connectNamespace'> {
  if (defaults?.namespace === undefined) return {}
  if (defaults.namespace === '') return { connectNamespace: undefined }
  const known = namespaceNamed(scope, defaults.namespace)
  if (!known && defaults.namespace.startsWith('arn:'))
    throw new AwsError('NamespaceNotFoundException', 'The specified namespace was not found.')
  return { connectNamespace: (known ?? createHttpNamespace(scope, defaults.namespace)).arn }
}

export const clusterHandlers: Record<string, Handler> = {
  CreateCluster: (input: sdk.CreateClusterCommandInput, context) => {
    const name = input.clusterName || 'default'
    if (!/^[a-zA-Z][a-zA-Z0-9_-]{0,254}$/.test(name))
      throw invalid('Invalid identifier: Identifier is for cluster, but contains invalid characters')
    const present = clusters.find(context, name)
    if (present?.status === 'ACTIVE') return { cluster: toCluster(context, present, EVERYTHING) }
    const capacityProviders = (input.capacityProviders ?? []).map(shortName)
    const defaultStrategy = strategyOf(input.defaultCapacityProviderStrategy)
    checkProviders(context, capacityProviders, defaultStrategy)
    ensureLinkedRole(context.world, context.accountId, 'ecs.amazonaws.com')
    const attachments = attachmentsOf(context, capacityProviders)
    const record = clusters.put(context, {
      name,
      arn: ecsArn(context, `cluster/${name}`),
      status: 'ACTIVE',
      settings: input.settings ?? [
        { name: 'containerInsights', value: settingOf(context, 'containerInsights') },
      ],
      capacityProviders,
      defaultStrategy,
      attachments,
      ...executeOf(input.configuration),
      ...connectDefaults(context, input.serviceConnectDefaults),
      tags: tagsOf(input.tags),
    })
    markGroups(context, capacityProviders)
    return { cluster: { ...toCluster(context, record, EVERYTHING), ...toChange([], attachments) } }
  },

  DescribeClusters: (input: sdk.DescribeClustersCommandInput, context) => {
    const asked = input.clusters?.length ? input.clusters : ['default']
    const found = asked.map((name) => [name, clusters.find(context, shortName(name))] as const)
    return {
      clusters: found.flatMap(([, record]) => (record ? [toCluster(context, record, input.include)] : [])),
      failures: found
        .filter(([, record]) => !record)
        .map(([name]) => ({
          arn: name.startsWith('arn:') ? name : ecsArn(context, `cluster/${name}`),
          reason: 'MISSING',
        })),
    }
  },

  ListClusters: (input: sdk.ListClustersCommandInput, context) => {
    const active = clusters.list(context).filter(({ status }) => status === 'ACTIVE')
    const { items, ...rest } = page(active, input)
    return { clusterArns: items.map(({ arn }) => arn), ...rest }
  },

  DeleteCluster: (input: sdk.DeleteClusterCommandInput, context) => {
    const record = clusterOf(context, input.cluster)
    if (services.list(context, record.name).some(({ status }) => status !== 'INACTIVE'))
      throw new AwsError(
        'ClusterContainsServicesException',
        'The Cluster cannot be deleted while Services are active.',
      )
    if (tasks.list(context, record.name).some(({ lastStatus }) => lastStatus !== 'STOPPED'))
      throw new AwsError(
        'ClusterContainsTasksException',
        'The Cluster cannot be deleted while Tasks are active.',
      )
    if (registered(context, record.name).length > 0)
      throw new AwsError(
        'ClusterContainsContainerInstancesException',
        'The Cluster cannot be deleted while Container Instances are active or draining.',
      )
    const next = clusters.put(context, { ...record, status: 'INACTIVE' })
    return { cluster: toCluster(context, next, EVERYTHING) }
  },

  UpdateCluster: (input: sdk.UpdateClusterCommandInput, context) => {
    const record = clusterOf(context, input.cluster)
    const next = clusters.put(context, {
      ...record,
      settings: input.settings ?? record.settings,
      ...executeOf(input.configuration),
      ...connectDefaults(context, input.serviceConnectDefaults),
    })
    return { cluster: toCluster(context, next, EVERYTHING) }
  },

  UpdateClusterSettings: (input: sdk.UpdateClusterSettingsCommandInput, context) => {
    const record = clusterOf(context, input.cluster)
    const next = clusters.put(context, { ...record, settings: input.settings ?? record.settings })
    return { cluster: toCluster(context, next, EVERYTHING) }
  },

  PutClusterCapacityProviders: (input: sdk.PutClusterCapacityProvidersCommandInput, context) => {
    const record = clusterOf(context, input.cluster)
    const capacityProviders = (input.capacityProviders ?? []).map(shortName)
    const defaultStrategy = strategyOf(input.defaultCapacityProviderStrategy)
    checkProviders(context, capacityProviders, defaultStrategy)
    const attachments = attachmentsOf(context, capacityProviders, record.attachments)
    const next = clusters.put(context, { ...record, capacityProviders, defaultStrategy, attachments })
    markGroups(context, capacityProviders)
    return {
      cluster: { ...toCluster(context, next, EVERYTHING), ...toChange(record.attachments, attachments) },
    }
  },
}
