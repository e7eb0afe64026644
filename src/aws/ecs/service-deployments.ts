import type * as sdk from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { invalid, serviceNotFound } from './errors.ts'
import { clusterOf, date, optional, page, shortName } from './names.ts'
import { toHookDetails } from './pause-hooks.ts'
import { runningPlatform } from './placement.ts'
import type { DeploymentRecord, ServiceRecord } from './records.ts'
import { circuitThreshold } from './rollout.ts'
import {
  countOf,
  deploymentArn,
  numberOf,
  revisionArn,
  toConfiguration,
  toNetwork,
} from './service-output.ts'
import { clusters, definitionByArn, services, tasksOf } from './tables.ts'

/** Those that go on and those that are over, newest first. */
const allOf = ({ deployments, finished = [] }: ServiceRecord): DeploymentRecord[] =>
  [...deployments, ...finished].sort((a, b) => b.createdAt - a.createdAt)

/** Whether a deployment is still at work or what it has come to. */
function statusOf({ deployments }: ServiceRecord, deployment: DeploymentRecord): sdk.ServiceDeploymentStatus {
  const present = deployments.includes(deployment)
  const { status, rolloutState, stopRequested } = deployment
  if (rolloutState === 'COMPLETED') return 'SUCCESSFUL'
  if (rolloutState === 'IN_PROGRESS') {
    if (!present || status !== 'PRIMARY') return 'STOPPED'
    if (stopRequested === undefined) return 'IN_PROGRESS'
    return stopRequested === 'ROLLBACK' ? 'ROLLBACK_REQUESTED' : 'STOP_REQUESTED'
  }
  if (status === 'PRIMARY') return 'STOPPED'
  // Its tasks go while those of the revision before come back.
  return present ? 'ROLLBACK_IN_PROGRESS' : 'ROLLBACK_SUCCESSFUL'
}

function toBrief(
  scope: Scope,
  service: ServiceRecord,
  deployment: DeploymentRecord,
): sdk.ServiceDeploymentBrief {
  return {
    serviceDeploymentArn: deploymentArn(scope, service, deployment),
    serviceArn: service.arn,
    clusterArn: clusters.find(scope, service.cluster)!.arn,
    startedAt: date(deployment.createdAt),
    createdAt: date(deployment.createdAt),
    ...optional('finishedAt', deployment.finishedAt === undefined ? undefined : date(deployment.finishedAt)),
    targetServiceRevisionArn: revisionArn(scope, service, deployment),
    status: statusOf(service, deployment),
    statusReason: deployment.rolloutReason,
  }
}

function toDeployment(
  scope: Scope,
  service: ServiceRecord,
  deployment: DeploymentRecord,
): sdk.ServiceDeployment {
  const { targetServiceRevisionArn: arn, ...brief } = toBrief(scope, service, deployment)
  const own = tasksOf(scope, service).filter(({ startedBy }) => startedBy === deployment.id)
  const { runningCount, pendingCount } = countOf(own)
  const stopped = brief.status === 'STOPPED' && deployment.finishedAt !== undefined
  const older = allOf(service).filter(({ createdAt }) => createdAt < deployment.createdAt)
  const counts = (all: number, running: number, pending: number) => ({
    requestedTaskCount: all,
    runningTaskCount: running,
    pendingTaskCount: pending,
  })
  return {
    ...brief,
    updatedAt: date(deployment.updatedAt),
    ...optional('stoppedAt', stopped ? date(deployment.finishedAt!) : undefined),
    ...optional('lifecycleStage', deployment.stage),
    ...(deployment.pauses ? { lifecycleHookDetails: toHookDetails(deployment) } : {}),
    ...rollbackOf(scope, service, deployment),
    sourceServiceRevisions: older
      .slice(0, 1)
      .map((one) => ({ arn: revisionArn(scope, service, one), ...counts(0, 0, 0) })),
    targetServiceRevision: { arn, ...counts(service.desiredCount, runningCount, pendingCount) },
    deploymentConfiguration: toConfiguration(service),
    deploymentCircuitBreaker: {
      status: service.circuitBreaker.enable
        ? deployment.rolloutState === 'FAILED'
          ? 'TRIGGERED'
          : deployment.rolloutState === 'COMPLETED'
            ? 'MONITORING_COMPLETE'
            : 'MONITORING'
        : 'DISABLED',
      failureCount: deployment.failedTasks,
      threshold: circuitThreshold(service.desiredCount),
    },
    alarms: alarmsOf(service, deployment),
  }
}

/** What the alarms of a deployment have said of it. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeploymentAlarms.html */
function alarmsOf({ alarms }: ServiceRecord, deployment: DeploymentRecord): sdk.ServiceDeploymentAlarms {
  if (!alarms?.enable) return { status: 'DISABLED' }
  const over = deployment.rolloutState !== 'IN_PROGRESS'
  return { status: over ? 'MONITORING_COMPLETE' : 'MONITORING', alarmNames: alarms.names }
}

/** What a deployment that was given up has gone back to. */
function rollbackOf(
  scope: Scope,
  service: ServiceRecord,
  deployment: DeploymentRecord,
): Pick<sdk.ServiceDeployment, 'rollback'> {
  if (deployment.rolloutState !== 'FAILED' || deployment.status === 'PRIMARY') return {}
  const good = allOf(service).find(
    ({ createdAt, rolloutState }) => createdAt < deployment.createdAt && rolloutState !== 'FAILED',
  )
  return {
    rollback: {
      reason: deployment.rolloutReason,
      ...optional('startedAt', deployment.finishedAt === undefined ? undefined : date(deployment.finishedAt)),
      ...optional('serviceRevisionArn', good && revisionArn(scope, service, good)),
    },
  }
}

/** A deployment by its ARN. Throws ECS's errors. */
function requireDeployment(context: RequestContext, arn: string) {
  const [type, cluster = '', name = '', number = ''] = (arn.split(':')[5] ?? '').split('/')
  if (type !== 'service-deployment')
    throw invalid(`Invalid identifier: ${arn} is not the ARN of a service-deployment.`)
  const service = services.find(context, cluster, name)
  const deployment = service && allOf(service).find((one) => numberOf(one) === number)
  if (!service || !deployment)
    throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.')
  return { service, deployment }
}

function changeDeployment(
  context: RequestContext,
  service: ServiceRecord,
  deployment: DeploymentRecord,
  fields: Partial<DeploymentRecord>,
) {
  const deployments = service.deployments.map((one) => (one === deployment ? { ...one, ...fields } : one))
  services.put(context, { ...service, deployments })
}

/** Lets a deployment that a pause hook holds go on, or back. Throws ECS's errors. */
function continueDeployment(input: sdk.ContinueServiceDeploymentCommandInput, context: RequestContext) {
  const arn = input.serviceDeploymentArn!
  const { service, deployment } = requireDeployment(context, arn)
  const { pauses = [] } = deployment
  const hook = pauses.find(({ id }) => id === input.hookId)
  if (!hook) throw invalid(`The hook ${input.hookId} does not exist in this service deployment.`)
  if (hook.status !== 'AWAITING_ACTION' || statusOf(service, deployment) !== 'IN_PROGRESS')
    throw invalid(`The hook ${input.hookId} is not awaiting an action.`)
  const rollsBack = input.action === 'ROLLBACK'
  const status = rollsBack ? ('FAILED' as const) : ('SUCCEEDED' as const)
  changeDeployment(context, service, deployment, {
    pauses: pauses.map((one) => (one === hook ? { ...one, status } : one)),
    ...(rollsBack && {
      stopRequested: 'ROLLBACK',
      stopReason: `rollback requested at lifecycle hook ${hook.id}`,
    }),
  })
  return { serviceDeploymentArn: arn }
}

/** Asks for the end of a deployment; the service's controller sees to it. Throws ECS's errors. */
function stopDeployment(input: sdk.StopServiceDeploymentCommandInput, context: RequestContext) {
  const arn = input.serviceDeploymentArn!
  const { service, deployment } = requireDeployment(context, arn)
  const stopRequested = input.stopType ?? 'ROLLBACK'
  const asked = deployment.stopRequested === stopRequested && deployment.rolloutState === 'IN_PROGRESS'
  if (!asked && statusOf(service, deployment) !== 'IN_PROGRESS')
    throw new AwsError(
      'ConflictException',
      'The service deployment is not in progress and cannot be stopped.',
    )
  if (
    stopRequested === 'ROLLBACK' &&
    !service.deployments.some(({ rolloutState }) => rolloutState === 'COMPLETED')
  )
    throw new AwsError('ConflictException', 'There is no completed service deployment to roll back to.')
  changeDeployment(context, service, deployment, { stopRequested })
  return { serviceDeploymentArn: arn }
}

function toRevision(scope: Scope, service: ServiceRecord, deployment: DeploymentRecord): sdk.ServiceRevision {
  const definition = definitionByArn(scope, deployment.definitionArn)
  const digests = tasksOf(scope, service)
    .filter(({ startedBy }) => startedBy === deployment.id)
    .flatMap(({ containers }) => containers)
    .filter(({ imageDigest }) => imageDigest !== undefined)
  return {
    serviceRevisionArn: revisionArn(scope, service, deployment),
    serviceArn: service.arn,
    clusterArn: clusters.find(scope, service.cluster)!.arn,
    taskDefinition: deployment.definitionArn,
    ...(deployment.strategy
      ? { capacityProviderStrategy: deployment.strategy }
      : { launchType: deployment.launchType }),
    ...(deployment.launchType === 'FARGATE'
      ? { platformVersion: runningPlatform(deployment.platformVersion), platformFamily: 'Linux' }
      : {}),
    loadBalancers: service.loadBalancers,
    serviceRegistries: service.registries ?? [],
    ...optional('serviceConnectConfiguration', service.connect?.configuration),
    ...optional('networkConfiguration', deployment.network && toNetwork(deployment.network)),
    containerImages: (definition?.containers ?? []).map(({ name, image }) => ({
      containerName: name,
      ...optional('imageDigest', digests.find((one) => one.name === name)?.imageDigest),
      image,
    })),
    guardDutyEnabled: false,
    createdAt: date(deployment.createdAt),
  }
}

/** The deployments of ARNs `…:<kind>/<cluster>/<service>/<number>`, and those that there are not. */
function select<T>(
  context: RequestContext,
  kind: string,
  arns: string[],
  output: (service: ServiceRecord, deployment: DeploymentRecord) => T,
): { found: T[]; failures: sdk.Failure[] } {
  const found: T[] = []
  const failures: sdk.Failure[] = []
  for (const arn of arns) {
    const [type, cluster = '', name = '', number = ''] = (arn.split(':')[5] ?? '').split('/')
    if (type !== kind) throw invalid(`Invalid identifier: ${arn} is not the ARN of a ${kind}.`)
    const service = services.find(context, cluster, name)
    const deployment = service && allOf(service).find((one) => numberOf(one) === number)
    if (service && deployment) found.push(output(service, deployment))
    else failures.push({ arn, reason: 'MISSING' })
  }
  return { found, failures }
}

export const serviceDeploymentHandlers: Record<string, Handler> = {
  StopServiceDeployment: stopDeployment,
  ContinueServiceDeployment: continueDeployment,

  ListServiceDeployments: (input: sdk.ListServiceDeploymentsCommandInput, context) => {
    const cluster = clusterOf(context, input.cluster)
    const service = services.find(context, cluster.name, shortName(input.service!))
    if (!service) throw serviceNotFound()
    const { before, after } = input.createdAt ?? {}
    const all = allOf(service)
      .filter(({ createdAt }) => !before || createdAt < before.getTime())
      .filter(({ createdAt }) => !after || createdAt > after.getTime())
      .map((one) => toBrief(context, service, one))
      .filter(({ status }) => !input.status?.length || input.status.includes(status!))
    const { items, ...rest } = page(all, { maxResults: 20, ...input })
    return { serviceDeployments: items, ...rest }
  },

  DescribeServiceDeployments: (input: sdk.DescribeServiceDeploymentsCommandInput, context) => {
    const { found, failures } = select(
      context,
      'service-deployment',
      input.serviceDeploymentArns ?? [],
      (service, deployment) => toDeployment(context, service, deployment),
    )
    return { serviceDeployments: found, failures }
  },

  DescribeServiceRevisions: (input: sdk.DescribeServiceRevisionsCommandInput, context) => {
    const { found, failures } = select(
      context,
      'service-revision',
      input.serviceRevisionArns ?? [],
      (service, deployment) => toRevision(context, service, deployment),
    )
    return { serviceRevisions: found, failures }
  },
}
