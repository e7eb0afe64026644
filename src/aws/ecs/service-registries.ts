import type { ServiceRegistry } from '@aws-sdk/client-ecs'
import type { Scope } from '../ec2/index.ts'
import { deregisterInstance, services as mapServices, registerInstance } from '../servicediscovery/index.ts'
import { invalid } from './errors.ts'
import type { ServiceRecord, TaskDefinitionRecord, TaskRecord } from './records.ts'
import { definitionByArn } from './tables.ts'
import { instanceOf } from './task-network.ts'

const idOf = ({ registryArn = '' }: ServiceRegistry) => registryArn.split('/').at(-1)!

/** Throws for registries that a definition's tasks cannot be instances of. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-discovery.html */
export function checkRegistries(
  scope: Scope,
  definition: TaskDefinitionRecord,
  registries: ServiceRegistry[],
): void {
  for (const registry of registries) {
    const { registryArn, containerName, containerPort } = registry
    const service = mapServices.find(scope, idOf(registry))
    if (!service || service.arn !== registryArn)
      throw invalid(`Service registry ${registryArn} does not exist.`)
    const container = definition.containers.find(({ name }) => name === containerName)
    if (containerName !== undefined && !container)
      throw invalid(`The container ${containerName} does not exist in the task definition.`)
    if (
      containerName !== undefined &&
      !container?.portMappings?.some((one) => one.containerPort === containerPort)
    )
      throw invalid(`The container ${containerName} did not have a container port ${containerPort} defined.`)
    const types = service.dns?.DnsRecords?.map(({ Type }) => Type) ?? []
    if (definition.rest.networkMode !== 'awsvpc') {
      if (types.includes('A'))
        throw invalid(
          `When specifying 'host' or 'bridge' for networkMode, the service registry ${registryArn} must be configured with SRV records.`,
        )
      if (containerName === undefined || containerPort === undefined)
        throw invalid(
          "When specifying 'host' or 'bridge' for networkMode, you must specify containerName and containerPort.",
        )
    } else if (types.includes('SRV') && containerName === undefined && registry.port === undefined)
      throw invalid('A port must be specified for a service registry with SRV records.')
  }
}

/** Everything that the tasks of a service are registered in: what its caller named, and what Service Connect has made. */
export const registriesOf = ({ registries = [], connect }: ServiceRecord): ServiceRegistry[] => [
  ...registries,
  ...(connect?.endpoints ?? []).map(({ serviceArn, containerName, containerPort }) => ({
    registryArn: serviceArn,
    containerName,
    containerPort,
  })),
]

/** Makes a running task an instance of its services in Cloud Map. */
export function enterRegistries(scope: Scope, task: TaskRecord): void {
  const machine = instanceOf(scope, task)
  const address = task.privateIp ?? machine?.address
  if (address === undefined) return
  for (const registry of task.registries ?? []) {
    const container = task.containers.find(({ name }) => name === registry.containerName)
    const mapped = container?.bindings?.find((one) => one.containerPort === registry.containerPort)?.hostPort
    const port = registry.port ?? (task.privateIp === undefined ? mapped : registry.containerPort)
    registerInstance(scope, idOf(registry), task.id, {
      AWS_INSTANCE_IPV4: address,
      ...(port === undefined ? {} : { AWS_INSTANCE_PORT: String(port) }),
      ...(machine?.kind === 'EC2' ? { EC2_INSTANCE_ID: machine.machineId } : {}),
      ...(task.zone === undefined ? {} : { AVAILABILITY_ZONE: task.zone }),
      REGION: scope.region,
      ECS_CLUSTER_NAME: task.cluster,
      ...(task.service === undefined ? {} : { ECS_SERVICE_NAME: task.service }),
      ECS_TASK_DEFINITION_FAMILY: definitionByArn(scope, task.definitionArn)?.family ?? '',
    })
  }
}

export function leaveRegistries(scope: Scope, task: TaskRecord): void {
  for (const registry of task.registries ?? []) deregisterInstance(scope, idOf(registry), task.id)
}
