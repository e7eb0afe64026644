import type {
  ContainerDefinition,
  EFSVolumeConfiguration,
  RegisterTaskDefinitionCommandInput,
} from '@aws-sdk/client-ecs'
import { fargateSizeExists } from './data/fargate.ts'
import { clientError, invalid, notSimulated } from './errors.ts'
import { checkExpression } from './placement.ts'

/** Docker's and ECR's names: registry/repository:tag. */
const ECR_IMAGE = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\//
export const isEcrImage = (image: string): boolean => ECR_IMAGE.test(image)

/** CPU units of `256`, `.25 vCPU` or `1 vCPU`. */
function cpuUnits(text: string): number {
  const match = /^(\d*\.?\d+)\s*(vcpu)?$/i.exec(text.trim())
  return match ? Math.round(Number(match[1]) * (match[2] ? 1024 : 1)) : Number.NaN
}

/** MiB of `512`, `0.5 GB` or `1GB`. */
function mebibytes(text: string): number {
  const match = /^(\d*\.?\d+)\s*(gb)?$/i.exec(text.trim())
  return match ? Math.round(Number(match[1]) * (match[2] ? 1024 : 1)) : Number.NaN
}

/** Task size as it is kept: CPU units and MiB. Throws ClientException. */
export function taskSize(input: RegisterTaskDefinitionCommandInput): { cpu?: string; memory?: string } {
  const help = 'For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.'
  const cpu = input.cpu === undefined ? undefined : cpuUnits(input.cpu)
  const memory = input.memory === undefined ? undefined : mebibytes(input.memory)
  if (Number.isNaN(cpu)) throw clientError(`Invalid 'cpu' setting for task. ${help}`)
  if (Number.isNaN(memory)) throw clientError(`Invalid 'memory' setting for task. ${help}`)
  return {
    ...(cpu === undefined ? {} : { cpu: String(cpu) }),
    ...(memory === undefined ? {} : { memory: String(memory) }),
  }
}

/**
 * What RegisterTaskDefinition refuses.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
 */
export function checkDefinition(input: RegisterTaskDefinitionCommandInput): void {
  const { family = '', containerDefinitions: containers = [] } = input
  if (family === '') throw clientError('Family should not be null or empty.')
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(family)) throw clientError('Family contains invalid characters.')
  if (containers.length === 0) throw clientError('Container list cannot be empty.')
  const fargate = input.requiresCompatibilities?.includes('FARGATE') ?? false
  for (const container of containers) checkContainer(container, input)
  const names = containers.map(({ name }) => name!)
  if (new Set(names).size < names.length)
    throw clientError('Container names must be unique within a task definition.')
  if (!containers.some(({ essential }) => essential ?? true))
    throw clientError('At least one container in the task definition must be essential.')
  checkDependencies(containers)
  for (const role of [input.executionRoleArn, input.taskRoleArn])
    if (role !== undefined && !/^arn:aws:iam::\d{12}:role\/.+$/.test(role))
      throw clientError('Role is not valid')
  checkVolumes(input)
  for (const { expression } of input.placementConstraints ?? []) checkExpression(expression)
  if (fargate) checkFargate(input)
}

/** Throws for mounts of volumes that there are not, and for those that are not simulated. */
function checkVolumes({ volumes = [], containerDefinitions = [] }: RegisterTaskDefinitionCommandInput): void {
  for (const volume of volumes) {
    if (volume.efsVolumeConfiguration) checkEfs(volume.efsVolumeConfiguration)
    if (volume.fsxWindowsFileServerVolumeConfiguration) throw notSimulated('FSx volumes of tasks')
    if (volume.configuredAtLaunch) throw notSimulated('EBS volumes of tasks')
  }
  for (const { sourceVolume } of containerDefinitions.flatMap(({ mountPoints = [] }) => mountPoints))
    if (!volumes.some(({ name }) => name === sourceVolume))
      throw clientError(`Unknown volume '${sourceVolume}'.`)
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EFSVolumeConfiguration.html; the wording is our own. */
function checkEfs(efs: EFSVolumeConfiguration): void {
  const { accessPointId, iam } = efs.authorizationConfig ?? {}
  if (efs.transitEncryption !== 'ENABLED' && (accessPointId !== undefined || iam === 'ENABLED'))
    throw clientError('EFS IAM authorization and access points require transit encryption to be enabled.')
  if (accessPointId !== undefined && (efs.rootDirectory ?? '/') !== '/')
    throw clientError(
      'When an EFS access point is specified, the root directory must be omitted or set to /.',
    )
  if (efs.transitEncryptionPort !== undefined && efs.transitEncryption !== 'ENABLED')
    throw clientError('The transit encryption port requires transit encryption to be enabled.')
}

/** Throws for secrets that a container cannot have. */
function checkSecrets(
  { secrets = [], environment = [] }: ContainerDefinition,
  executionRoleArn: string | undefined,
): void {
  if (secrets.length > 0 && executionRoleArn === undefined)
    throw clientError(
      "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.",
    )
  const names = [...environment, ...secrets].map(({ name }) => name)
  const twice = secrets.find(({ name }) => names.indexOf(name) !== names.lastIndexOf(name))
  if (twice)
    throw clientError(
      `The secret name must be unique and not shared with any new or existing environment variables set on the container, such as '${twice.name}'.`,
    )
}

function checkContainer(container: ContainerDefinition, input: RegisterTaskDefinitionCommandInput): void {
  const { name = '', image = '', portMappings = [] } = container
  if (name === '') throw clientError('Container.name should not be null or empty.')
  if (!/^[a-zA-Z0-9_-]{1,255}$/.test(name)) throw clientError('Container.name contains invalid characters.')
  if (image === '') throw clientError('Container.image should not be null or empty.')
  if (/\s/.test(image)) throw clientError('Container.image contains invalid characters.')
  if (
    container.memory === undefined &&
    container.memoryReservation === undefined &&
    input.memory === undefined
  )
    throw clientError(
      `Invalid setting for container '${name}'. At least one of 'memory' or 'memoryReservation' must be specified.`,
    )
  if (container.memory !== undefined && container.memory < 6)
    throw clientError(`Invalid setting for container '${name}'. The minimum value for 'memory' is 6.`)
  for (const { containerPort, hostPort } of portMappings) {
    if (containerPort === undefined || containerPort < 0 || containerPort > 65_535)
      throw clientError(`Invalid setting for container '${name}'. The port must be between 1 and 65535.`)
    const mode = input.networkMode
    const given = hostPort !== undefined && hostPort !== 0
    if ((mode === 'awsvpc' || mode === 'host') && given && hostPort !== containerPort)
      throw clientError(
        `When networkMode=${mode}, the host ports and container ports in port mappings must match.`,
      )
  }
  if (container.links?.length && input.networkMode === 'awsvpc')
    throw clientError('Links are not supported when networkMode=awsvpc.')
  checkSecrets(container, input.executionRoleArn)
  const { logConfiguration: log } = container
  if (log?.logDriver === 'awslogs') {
    const missing = ['awslogs-group', 'awslogs-region'].filter((option) => !log.options?.[option])
    if (missing.length > 0) throw clientError(`Log driver awslogs requires options: ${missing.join(', ')}`)
  }
}

function checkDependencies(containers: ContainerDefinition[]): void {
  const byName = new Map(containers.map((container) => [container.name!, container]))
  for (const { name, dependsOn = [] } of containers) {
    for (const { containerName, condition } of dependsOn) {
      const other = byName.get(containerName!)
      if (!other || other.name === name)
        throw clientError(
          `Invalid 'dependsOn' setting for container '${name}'. Container '${containerName}' is not in the task definition.`,
        )
      if (condition === 'HEALTHY' && !other.healthCheck)
        throw clientError(
          `Invalid 'dependsOn' setting for container '${name}'. Container '${containerName}' has no health check.`,
        )
      if ((condition === 'COMPLETE' || condition === 'SUCCESS') && (other.essential ?? true))
        throw clientError(
          `Invalid 'dependsOn' setting for container '${name}'. Container '${containerName}' is essential and cannot have the condition ${condition}.`,
        )
    }
  }
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) throw clientError('Container dependencies must not be cyclic.')
    for (const { containerName } of byName.get(name)?.dependsOn ?? []) visit(containerName!, [...path, name])
  }
  for (const name of byName.keys()) visit(name, [])
}

function checkFargate(input: RegisterTaskDefinitionCommandInput): void {
  if (input.networkMode !== 'awsvpc') throw clientError('Fargate only supports network mode ‘awsvpc’.')
  if (input.cpu === undefined) throw clientError("Fargate requires that 'cpu' be defined at the task level.")
  if (input.memory === undefined)
    throw clientError("Fargate requires that 'memory' be defined at the task level.")
  const { cpu, memory } = taskSize(input)
  if (!fargateSizeExists(Number(cpu), Number(memory)))
    throw clientError(
      `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory. See the Amazon ECS documentation for the valid values.`,
    )
  if (input.placementConstraints?.length)
    throw clientError('Fargate compatible task definitions do not support placementConstraints.')
  for (const container of input.containerDefinitions ?? []) {
    const needsRole = isEcrImage(container.image!)
      ? 'ECR images'
      : container.logConfiguration?.logDriver === 'awslogs'
        ? 'log driver awslogs'
        : undefined
    if (needsRole && input.executionRoleArn === undefined)
      throw clientError(
        `Fargate requires task definition to have execution role ARN to support ${needsRole}.`,
      )
    if (container.privileged)
      throw clientError('Fargate compatible task definitions do not support privileged')
  }
  for (const volume of input.volumes ?? []) {
    if (volume.host?.sourcePath !== undefined)
      throw clientError('Fargate compatible task definitions do not support sourcePath')
  }
  if (input.runtimePlatform?.operatingSystemFamily?.startsWith('WINDOWS')) throw notSimulated('Windows tasks')
}

/** The attributes that an instance must have for a task, as ECS lists them. */
export function requiredAttributes(input: RegisterTaskDefinitionCommandInput): { name: string }[] {
  const containers = input.containerDefinitions ?? []
  const names = new Set<string>()
  const capability = (name: string) => names.add(`com.amazonaws.ecs.capability.${name}`)
  if (containers.some(({ logConfiguration }) => logConfiguration?.logDriver === 'awslogs')) {
    capability('logging-driver.awslogs')
    if (input.executionRoleArn) names.add('ecs.capability.execution-role-awslogs')
    capability('docker-remote-api.1.19')
  }
  if (containers.some(({ image }) => isEcrImage(image!))) {
    capability('ecr-auth')
    if (input.executionRoleArn) names.add('ecs.capability.execution-role-ecr-pull')
  }
  if (containers.some(({ healthCheck }) => healthCheck)) {
    names.add('ecs.capability.container-health-check')
    capability('docker-remote-api.1.24')
  }
  for (const { valueFrom = '' } of containers.flatMap(({ secrets = [] }) => secrets))
    names.add(
      `ecs.capability.secrets.${valueFrom.startsWith('arn:aws:secretsmanager:') ? 'asm' : 'ssm'}.environment-variables`,
    )
  if (input.taskRoleArn) capability('task-iam-role')
  capability('docker-remote-api.1.18')
  if (input.networkMode === 'awsvpc') names.add('ecs.capability.task-eni')
  return [...names].map((name) => ({ name }))
}

/** Throws for what a family's revision may not be asked for. */
export function checkRevision(named: string): void {
  if (!/:\d+$/.test(named)) throw invalid('Task Definition can not be blank.')
}
