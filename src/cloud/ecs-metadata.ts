import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Scope, tables } from '#aws/ec2/index.ts'
import { clusters, definitionByArn, type TaskRecord } from '#aws/ecs/index.ts'
import { rolePrincipal } from '#aws/iam/identity.ts'
import { issueSession } from '#aws/iam/session.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { World } from '#world/world.ts'

/** Where tasks find their metadata and credentials: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4.html */
const ADDRESS = '169.254.170.2'
/** Credentials of a task's role are good for six hours. */
const CREDENTIALS_SECONDS = 6 * 3600

const digest = (text: string) => createHash('sha256').update(text).digest('hex')
/** The id of a container in the endpoint's paths. */
const containerId = (task: TaskRecord, name: string) =>
  `${task.id}-${digest(`${task.arn}/${name}`).slice(0, 10)}`
/** The id of a task's credentials, a UUID that only the task's containers know. */
function credentialsId({ arn, createdAt }: TaskRecord): string {
  const hex = digest(`${arn}#${createdAt}`)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The variables by which a container finds its metadata and the credentials of its task's role. */
export function metadataVariables(task: TaskRecord, container: string): Record<string, string> {
  const id = containerId(task, container)
  return {
    ECS_CONTAINER_METADATA_URI: `http://${ADDRESS}/v3/${id}`,
    ECS_CONTAINER_METADATA_URI_V4: `http://${ADDRESS}/v4/${id}`,
    ECS_AGENT_URI: `http://${ADDRESS}/api/${id}`,
    ...(task.taskRoleArn === undefined
      ? {}
      : { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/v2/credentials/${credentialsId(task)}` }),
  }
}

/** A task and where it is. */
export interface Placed {
  scope: Scope
  task: TaskRecord
}

export type Usage = { cpuMilli: number; memoryBytes: number }

/** The task metadata endpoint of a world's tasks. */
export class TaskMetadata {
  readonly #world: World
  readonly #living: () => Iterable<Placed>
  readonly #usage: (task: TaskRecord, container: string) => Usage | undefined

  constructor(
    world: World,
    living: () => Iterable<Placed>,
    usage: (task: TaskRecord, container: string) => Usage | undefined,
  ) {
    this.#world = world
    this.#living = living
    this.#usage = usage
  }

  listen(network: VirtualNetwork): { close(): void } {
    const server = createServer((req, res) => this.#answer(req, res))
    return network.listen(ADDRESS, 80, (socket) => server.emit('connection', socket))
  }

  #answer(req: IncomingMessage, res: ServerResponse): void {
    const [, version, id = '', ...rest] = (req.url ?? '/').split('?')[0]!.split('/')
    const body =
      version === 'v2' && id === 'credentials'
        ? this.#credentials(rest[0] ?? '')
        : this.#metadata(version, id, rest)
    const missing = { code: 'NotFound', message: `unable to find ${req.url}` }
    res.writeHead(body ? 200 : 404, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(body ?? missing))
  }

  #credentials(id: string): object | undefined {
    const found = [...this.#living()].find(({ task }) => credentialsId(task) === id)
    const role = found?.task.taskRoleArn
    const principal = role === undefined ? undefined : rolePrincipal(this.#world, role, found!.task.id)
    if (!principal) return undefined
    const session = issueSession(this.#world, principal, CREDENTIALS_SECONDS)
    return {
      RoleArn: role,
      AccessKeyId: session.AccessKeyId,
      SecretAccessKey: session.SecretAccessKey,
      Token: session.SessionToken,
      Expiration: session.Expiration.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    }
  }

  #metadata(version: string | undefined, id: string, [what, more]: string[]): object | undefined {
    if (version !== 'v3' && version !== 'v4') return undefined
    for (const { scope, task } of this.#living()) {
      const container = task.containers.find(({ name }) => containerId(task, name) === id)
      if (!container) continue
      if (what === undefined || what === '') return this.#container(scope, task, container)
      if (what === 'stats') return this.#stats(task, container.name)
      if (what !== 'task') return undefined
      if (more === 'stats')
        return Object.fromEntries(
          task.containers.map((one) => [containerId(task, one.name), this.#stats(task, one.name)]),
        )
      return this.#task(scope, task)
    }
    return undefined
  }

  #stats(task: TaskRecord, name: string): object {
    const { cpuMilli = 0, memoryBytes = 0 } = this.#usage(task, name) ?? {}
    return { name, cpu_stats: { cpu_usage_milli: cpuMilli }, memory_stats: { usage: memoryBytes } }
  }

  #task(scope: Scope, task: TaskRecord): object {
    const definition = definitionByArn(scope, task.definitionArn)!
    return {
      Cluster: clusters.find(scope, task.cluster)?.arn,
      TaskARN: task.arn,
      Family: definition.family,
      Revision: String(definition.revision),
      ...(task.service === undefined ? {} : { ServiceName: task.service }),
      DesiredStatus: task.desiredStatus,
      KnownStatus: task.lastStatus,
      Limits: {
        ...(task.cpu === undefined ? {} : { CPU: Number(task.cpu) / 1024 }),
        ...(task.memory === undefined ? {} : { Memory: Number(task.memory) }),
      },
      ...stamp('PullStartedAt', task.pullStartedAt),
      ...stamp('PullStoppedAt', task.pullStoppedAt),
      AvailabilityZone: task.zone,
      LaunchType: task.launchType,
      Containers: task.containers.map((one) => this.#container(scope, task, one)),
    }
  }

  #container(scope: Scope, task: TaskRecord, container: TaskRecord['containers'][number]): object {
    const definition = definitionByArn(scope, task.definitionArn)!
    const own = definition.containers.find(({ name }) => name === container.name)
    const subnet = task.subnetId === undefined ? undefined : tables.subnets.find(scope, task.subnetId)
    return {
      DockerId: container.runtimeId ?? containerId(task, container.name),
      Name: container.name,
      DockerName: container.name,
      Image: container.image,
      ImageID: container.imageDigest,
      Labels: {
        'com.amazonaws.ecs.cluster': clusters.find(scope, task.cluster)?.arn,
        'com.amazonaws.ecs.container-name': container.name,
        'com.amazonaws.ecs.task-arn': task.arn,
        'com.amazonaws.ecs.task-definition-family': definition.family,
        'com.amazonaws.ecs.task-definition-version': String(definition.revision),
      },
      DesiredStatus: task.desiredStatus,
      KnownStatus: container.lastStatus,
      Limits: { CPU: own?.cpu ?? 0, ...(own?.memory === undefined ? {} : { Memory: own.memory }) },
      ...stamp('CreatedAt', task.pullStoppedAt ?? task.createdAt),
      ...stamp('StartedAt', task.startedAt ?? task.pullStoppedAt),
      Type: 'NORMAL',
      ContainerARN: container.arn,
      Networks: [
        {
          NetworkMode: definition.rest.networkMode ?? 'bridge',
          IPv4Addresses: [container.address],
          ...(subnet ? { IPv4SubnetCIDRBlock: subnet.cidr } : {}),
        },
      ],
    }
  }
}

const stamp = (name: string, time: number | undefined): object =>
  time === undefined ? {} : { [name]: new Date(time).toISOString() }
