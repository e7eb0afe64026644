import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs'
import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import {
  CreateClusterCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECS,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  type Service,
  type Task,
} from '@aws-sdk/client-ecs'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { simulatedTarget } from '#checks/target.ts'
import { TargetClients } from '#checks/target-clients.ts'
import type { OwnedCloud } from '#cloud/api.ts'
import { startCloud } from '#cloud/supervisor.ts'
import { LabShell } from './lab-shell.ts'

export const ACCOUNT = '111122223333'
const EXECUTION = 'arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy'
export const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`

/** A role that tasks may assume, with what is allowed to it. */
async function createTaskRole(iam: IAMClient, RoleName: string, actions: string[] = []): Promise<void> {
  const statement = {
    Effect: 'Allow',
    Principal: { Service: 'ecs-tasks.amazonaws.com' },
    Action: 'sts:AssumeRole',
  }
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
    }),
  )
  if (actions.length === 0) return
  const allowed = { Effect: 'Allow', Action: actions, Resource: '*' }
  await iam.send(
    new PutRolePolicyCommand({
      RoleName,
      PolicyName: 'allowed',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: allowed }),
    }),
  )
}

/** A world with the ECS cluster `demo`, the roles `execution`, `exec` (for ECS Exec) and `plain`, and a learner's shell in it. */
export class EcsWorld {
  readonly clients: TargetClients
  readonly ecs: ECS
  readonly shell: LabShell
  readonly subnets: string[]
  readonly groupId: string
  readonly vpcId: string
  readonly worldId: string
  readonly cloud: OwnedCloud
  readonly #directory: string

  private constructor(
    parts: Pick<EcsWorld, 'clients' | 'shell' | 'subnets' | 'groupId' | 'vpcId' | 'cloud' | 'worldId'>,
    directory: string,
  ) {
    this.clients = parts.clients
    this.ecs = parts.clients.aws(ECS)
    this.shell = parts.shell
    this.subnets = parts.subnets
    this.groupId = parts.groupId
    this.vpcId = parts.vpcId
    this.cloud = parts.cloud
    this.worldId = parts.worldId
    this.#directory = directory
  }

  static async start({ speed = 1 } = {}): Promise<EcsWorld> {
    const directory = await mkdtemp(join(tmpdir(), 'drydock-ecs-'))
    const cloud = await startCloud({ directory })
    const world = await cloud.createWorld({ id: 'ecs', accountId: ACCOUNT, provisioning: 'instant' })
    if (speed !== 1) await cloud.setSpeed(world.id, speed)
    const clients = new TargetClients(simulatedTarget(world))
    const [ec2, iam] = [clients.aws(EC2Client), clients.aws(IAMClient)]
    await createTaskRole(iam, 'execution')
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'execution', PolicyArn: EXECUTION }))
    await createTaskRole(iam, 'plain')
    await createTaskRole(iam, 'exec', ['ssmmessages:*', 'logs:*'])
    await clients.aws(ECS).send(new CreateClusterCommand({ clusterName: 'demo' }))
    await clients.aws(CloudWatchLogsClient).send(new CreateLogGroupCommand({ logGroupName: '/ecs/demo' }))
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}))
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}))
    const parts = {
      clients,
      cloud,
      worldId: world.id,
      shell: await LabShell.open(world),
      subnets: Subnets.map(({ SubnetId }) => SubnetId!),
      groupId: SecurityGroups[0]!.GroupId!,
      vpcId: SecurityGroups[0]!.VpcId!,
    }
    return new EcsWorld(parts, directory)
  }

  async close(): Promise<void> {
    await this.shell.close()
    await this.cloud.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** `awsvpcConfiguration` of the default subnets and their default security group. */
  get network() {
    return {
      awsvpcConfiguration: {
        subnets: this.subnets,
        securityGroups: [this.groupId],
        assignPublicIp: 'ENABLED' as const,
      },
    }
  }

  /** Registers a definition for Fargate with one container of the same name. */
  async define(
    family: string,
    container: NonNullable<RegisterTaskDefinitionCommandInput['containerDefinitions']>[number],
    rest: Partial<RegisterTaskDefinitionCommandInput> = {},
  ): Promise<string> {
    const { taskDefinition } = await this.ecs.send(
      new RegisterTaskDefinitionCommand({
        family,
        networkMode: 'awsvpc',
        requiresCompatibilities: ['FARGATE'],
        cpu: '256',
        memory: '512',
        executionRoleArn: role('execution'),
        containerDefinitions: [{ name: family, ...container }],
        ...rest,
      }),
    )
    return taskDefinition!.taskDefinitionArn!
  }

  /** An ALB `name` on port 80 that leads to the first of these target groups, with weight 0 to the others; checks go to `/readyz`. */
  async balancer(
    name: string,
    groups: string[],
  ): Promise<{ dnsName: string; groupArns: string[]; ruleArn: string }> {
    const elb = this.clients.aws(ElasticLoadBalancingV2)
    const { LoadBalancers } = await elb.createLoadBalancer({
      Name: name,
      Subnets: this.subnets,
      SecurityGroups: [this.groupId],
    })
    const { LoadBalancerArn, DNSName } = LoadBalancers![0]!
    const groupArns: string[] = []
    for (const group of groups) {
      const { TargetGroups } = await elb.createTargetGroup({
        Name: group,
        Protocol: 'HTTP',
        Port: 8080,
        VpcId: this.vpcId,
        TargetType: 'ip',
        HealthCheckPath: '/readyz',
        HealthCheckIntervalSeconds: 5,
        HealthCheckTimeoutSeconds: 2,
        UnhealthyThresholdCount: 2,
        HealthyThresholdCount: 2,
      })
      const { TargetGroupArn } = TargetGroups![0]!
      const Attributes = [{ Key: 'deregistration_delay.timeout_seconds', Value: '5' }]
      await elb.modifyTargetGroupAttributes({ TargetGroupArn, Attributes })
      groupArns.push(TargetGroupArn!)
    }
    const { Listeners } = await elb.createListener({
      LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: groupArns.map((TargetGroupArn, index) => ({
              TargetGroupArn,
              Weight: index === 0 ? 100 : 0,
            })),
          },
        },
      ],
    })
    const { Rules } = await elb.describeRules({ ListenerArn: Listeners![0]!.ListenerArn })
    return { dnsName: DNSName!, groupArns, ruleArn: Rules!.find(({ IsDefault }) => IsDefault)!.RuleArn! }
  }

  /** Lets everybody in to the default security group. */
  async openGroup(): Promise<void> {
    const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }]
    await this.clients
      .aws(EC2Client)
      .send(new AuthorizeSecurityGroupIngressCommand({ GroupId: this.groupId, IpPermissions }))
  }

  async service(serviceName: string): Promise<Service> {
    const { services } = await this.ecs.send(
      new DescribeServicesCommand({ cluster: 'demo', services: [serviceName] }),
    )
    return services![0]!
  }

  /** The tasks of a service that are wanted. */
  async tasksOf(serviceName: string): Promise<Task[]> {
    const { taskArns } = await this.ecs.send(new ListTasksCommand({ cluster: 'demo', serviceName }))
    if (!taskArns?.length) return []
    const { tasks } = await this.ecs.send(new DescribeTasksCommand({ cluster: 'demo', tasks: taskArns }))
    return tasks!
  }
}

/** The private address of a task on Fargate. */
export const addressOf = (task: Task): string =>
  task.attachments![0]!.details!.find(({ name }) => name === 'privateIPv4Address')!.value!
