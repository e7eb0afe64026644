import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bootstrapRegion, tables } from '../../../src/aws/ec2/index.ts'
import { ecsService } from '../../../src/aws/ecs/index.ts'
import { failure, TestAccount } from './support/account.ts'

let account: TestAccount
beforeEach(() => {
  account = new TestAccount()
  bootstrapRegion(account.context)
})
afterEach(() => account.close())

const call = (operation: string, input: object = {}) => account.call(ecsService, operation, input)
const refused = (operation: string, input: object = {}) => failure(() => call(operation, input))

const container = { name: 'web', image: 'nginx', portMappings: [{ containerPort: 80 }] }
const fargate = {
  family: 'web',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  cpu: '256',
  memory: '512',
  containerDefinitions: [container],
}

// Texts as the API answers them, from issues of the AWS CLI, Terraform and the CDK.
describe('a task definition', () => {
  it.each<[string, object, string]>([
    ['without containers', { containerDefinitions: [] }, 'Container list cannot be empty.'],
    ['on another network', { networkMode: 'bridge' }, 'Fargate only supports network mode ‘awsvpc’.'],
    ['without a size', { cpu: undefined }, "Fargate requires that 'cpu' be defined at the task level."],
    [
      'of a size that Fargate has not',
      { memory: '4096' },
      'No Fargate configuration exists for given values: 256 CPU, 4096 memory. See the Amazon ECS documentation for the valid values.',
    ],
    [
      'of a private image without a role',
      {
        containerDefinitions: [{ ...container, image: '111122223333.dkr.ecr.us-east-1.amazonaws.com/web:1' }],
      },
      'Fargate requires task definition to have execution role ARN to support ECR images.',
    ],
    [
      'with a log driver and no role',
      {
        containerDefinitions: [
          {
            ...container,
            logConfiguration: {
              logDriver: 'awslogs',
              options: { 'awslogs-group': 'web', 'awslogs-region': 'us-east-1' },
            },
          },
        ],
      },
      'Fargate requires task definition to have execution role ARN to support log driver awslogs.',
    ],
    [
      'whose host port differs',
      { containerDefinitions: [{ ...container, portMappings: [{ containerPort: 80, hostPort: 8080 }] }] },
      'When networkMode=awsvpc, the host ports and container ports in port mappings must match.',
    ],
    [
      'on EC2 without any memory',
      { requiresCompatibilities: ['EC2'], cpu: undefined, memory: undefined },
      "Invalid setting for container 'web'. At least one of 'memory' or 'memoryReservation' must be specified.",
    ],
  ])('%s is refused', async (_what, change, text) => {
    expect(await refused('RegisterTaskDefinition', { ...fargate, ...change })).toBe(
      `ClientException: ${text}`,
    )
  })

  it('takes sizes in vCPU and GB, and fills in what is left out', async () => {
    const { taskDefinition } = await call('RegisterTaskDefinition', {
      ...fargate,
      cpu: '1 vCPU',
      memory: '2 GB',
    })
    expect(taskDefinition).toMatchObject({ cpu: '1024', memory: '2048', revision: 1, status: 'ACTIVE' })
    expect(taskDefinition.compatibilities).toEqual(['EC2', 'FARGATE'])
    expect(taskDefinition.containerDefinitions[0]).toMatchObject({
      essential: true,
      portMappings: [{ containerPort: 80, hostPort: 80, protocol: 'tcp' }],
    })
  })

  it('numbers revisions on, whatever became of those before', async () => {
    await call('RegisterTaskDefinition', fargate)
    await call('DeregisterTaskDefinition', { taskDefinition: 'web:1' })
    const { taskDefinition } = await call('RegisterTaskDefinition', fargate)
    expect(taskDefinition.revision).toBe(2)
    const inactive = await call('ListTaskDefinitions', { status: 'INACTIVE' })
    expect(inactive.taskDefinitionArns).toEqual(['arn:aws:ecs:us-east-1:111122223333:task-definition/web:1'])
  })

  it('is deleted only once it is inactive', async () => {
    await call('RegisterTaskDefinition', fargate)
    const { failures } = await call('DeleteTaskDefinitions', { taskDefinitions: ['web:1'] })
    expect(failures[0].reason).toBe(
      'The specified task definition is still in ACTIVE status. Please deregister the target and try again.',
    )
  })
})

describe('running tasks', () => {
  beforeEach(async () => {
    await call('CreateCluster', { clusterName: 'demo' })
    await call('RegisterTaskDefinition', fargate)
  })
  const subnets = () => [tables.subnets.list(account.context)[0]!.id]
  const run = (change: object = {}) => ({
    cluster: 'demo',
    taskDefinition: 'web',
    launchType: 'FARGATE',
    networkConfiguration: { awsvpcConfiguration: { subnets: subnets() } },
    ...change,
  })

  it.each<[string, object, string]>([
    ['in no cluster', { cluster: 'other' }, 'ClusterNotFoundException: Cluster not found.'],
    ['of no definition', { taskDefinition: 'other' }, 'ClientException: TaskDefinition not found.'],
    [
      'without a network',
      { networkConfiguration: undefined },
      "InvalidParameterException: Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ],
    [
      'in a subnet that does not exist',
      { networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0'] } } },
      "InvalidParameterException: Error retrieving subnet information for [subnet-0]: The subnet ID 'subnet-0' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
    ],
    [
      'on instances that there are not',
      { launchType: 'EC2' },
      'InvalidParameterException: No Container Instances were found in your cluster.',
    ],
  ])('%s is refused', async (_what, change, text) => {
    expect(await refused('RunTask', run(change))).toBe(text)
  })

  it('keeps a cluster whose tasks are active, and takes only a role that tasks may assume', async () => {
    const { tasks } = await call('RunTask', run())
    expect(tasks[0]).toMatchObject({ lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING' })
    expect(await refused('DeleteCluster', { cluster: 'demo' })).toBe(
      'ClusterContainsTasksException: The Cluster cannot be deleted while Tasks are active.',
    )
    const role = await account.role('wrong', 'ec2.amazonaws.com', [])
    await call('RegisterTaskDefinition', { ...fargate, executionRoleArn: role })
    expect(await refused('RunTask', run())).toContain(
      `ClientException: ECS was unable to assume the role '${role}' that was provided for this task.`,
    )
  })

  it('refuses a service twice, and its end while it is scaled above 0', async () => {
    const service = { ...run(), serviceName: 'web', desiredCount: 1 }
    await call('CreateService', service)
    expect(await refused('CreateService', service)).toBe(
      'InvalidParameterException: Creation of service was not idempotent.',
    )
    expect(await refused('DeleteService', { cluster: 'demo', service: 'web' })).toBe(
      'InvalidParameterException: The service cannot be stopped while it is scaled above 0.',
    )
    expect(await refused('DeleteCluster', { cluster: 'demo' })).toBe(
      'ClusterContainsServicesException: The Cluster cannot be deleted while Services are active.',
    )
  })
})
