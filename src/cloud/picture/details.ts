import { stringify } from 'yaml'
import { type Scope, scopeOfKey } from '#aws/ec2/index.ts'
import { rootPrincipal } from '#aws/iam/identity.ts'
import type { Service } from '#aws/wire/service.ts'
import type { World } from '#world/world.ts'
import { awsCaller } from '../aws-calls.ts'
import type { Part, PartDetails, PartEvent, PartKind } from './part.ts'
import type { Picture } from './picture.ts'

/** Events that are told of one object. */
const EVENTS = 20

// biome-ignore lint/suspicious/noExplicitAny: inputs, outputs and objects of many services
type Value = any

/** How a service is asked for one of its resources, and how the CLI is. */
interface Description {
  service: string
  operation: string
  input(record: Value): object
  /** The one resource in the answer. */
  pick(output: Value): Value
  command(record: Value): string
}

const DESCRIPTIONS: Partial<Record<PartKind, Description | ((part: Part) => Description)>> = {
  vpc: ec2('vpcs', 'VpcIds', 'vpc-ids', 'Vpcs'),
  subnet: ec2('subnets', 'SubnetIds', 'subnet-ids', 'Subnets'),
  'internet-gateway': ec2(
    'internet-gateways',
    'InternetGatewayIds',
    'internet-gateway-ids',
    'InternetGateways',
  ),
  'nat-gateway': ec2('nat-gateways', 'NatGatewayIds', 'nat-gateway-ids', 'NatGateways'),
  'network-interface': ec2(
    'network-interfaces',
    'NetworkInterfaceIds',
    'network-interface-ids',
    'NetworkInterfaces',
  ),
  instance: {
    ...ec2('instances', 'InstanceIds', 'instance-ids', 'Reservations'),
    pick: ({ Reservations }) => Reservations[0].Instances[0],
  },
  'load-balancer': (part) =>
    part.id.startsWith('elb/')
      ? {
          service: 'elb',
          operation: 'DescribeLoadBalancers',
          input: ({ name }) => ({ LoadBalancerNames: [name] }),
          pick: ({ LoadBalancerDescriptions }) => LoadBalancerDescriptions[0],
          command: ({ name }) => `aws elb describe-load-balancers --load-balancer-names ${name}`,
        }
      : {
          service: 'elbv2',
          operation: 'DescribeLoadBalancers',
          input: ({ arn }) => ({ LoadBalancerArns: [arn] }),
          pick: ({ LoadBalancers }) => LoadBalancers[0],
          command: ({ name }) => `aws elbv2 describe-load-balancers --names ${name}`,
        },
  'eks-cluster': {
    service: 'eks',
    operation: 'DescribeCluster',
    input: ({ name }) => ({ name }),
    pick: ({ cluster }) => cluster,
    command: ({ name }) => `aws eks describe-cluster --name ${name}`,
  },
  nodegroup: {
    service: 'eks',
    operation: 'DescribeNodegroup',
    input: ({ clusterName, name }) => ({ clusterName, nodegroupName: name }),
    pick: ({ nodegroup }) => nodegroup,
    command: ({ clusterName, name }) =>
      `aws eks describe-nodegroup --cluster-name ${clusterName} --nodegroup-name ${name}`,
  },
  'fargate-profile': {
    service: 'eks',
    operation: 'DescribeFargateProfile',
    input: ({ clusterName, name }) => ({ clusterName, fargateProfileName: name }),
    pick: ({ fargateProfile }) => fargateProfile,
    command: ({ clusterName, name }) =>
      `aws eks describe-fargate-profile --cluster-name ${clusterName} --fargate-profile-name ${name}`,
  },
  'ecs-cluster': {
    service: 'ecs',
    operation: 'DescribeClusters',
    input: ({ name }) => ({ clusters: [name] }),
    pick: ({ clusters }) => clusters[0],
    command: ({ name }) => `aws ecs describe-clusters --clusters ${name}`,
  },
  'container-instance': {
    service: 'ecs',
    operation: 'DescribeContainerInstances',
    input: ({ cluster, arn }) => ({ cluster, containerInstances: [arn] }),
    pick: ({ containerInstances }) => containerInstances[0],
    command: ({ cluster, id }) =>
      `aws ecs describe-container-instances --cluster ${cluster} --container-instances ${id}`,
  },
  'ecs-service': {
    service: 'ecs',
    operation: 'DescribeServices',
    input: ({ cluster, name }) => ({ cluster, services: [name] }),
    pick: ({ services }) => services[0],
    command: ({ cluster, name }) => `aws ecs describe-services --cluster ${cluster} --services ${name}`,
  },
  'ecs-task': {
    service: 'ecs',
    operation: 'DescribeTasks',
    input: ({ cluster, arn }) => ({ cluster, tasks: [arn] }),
    pick: ({ tasks }) => tasks[0],
    command: ({ cluster, id }) => `aws ecs describe-tasks --cluster ${cluster} --tasks ${id}`,
  },
  repository: {
    service: 'ecr',
    operation: 'DescribeRepositories',
    input: ({ name }) => ({ repositoryNames: [name] }),
    pick: ({ repositories }) => repositories[0],
    command: ({ name }) => `aws ecr describe-repositories --repository-names ${name}`,
  },
}

function ec2(noun: string, parameter: string, flag: string, list: string): Description {
  const words = noun.split('-').map((word) => word[0]!.toUpperCase() + word.slice(1))
  return {
    service: 'ec2',
    operation: `Describe${words.join('')}`,
    input: ({ id }) => ({ [parameter]: [id] }),
    pick: (output) => output[list][0],
    command: ({ id }) => `aws ec2 describe-${noun} --${flag} ${id}`,
  }
}

/** What the world's own API tells of parts of the picture, without a line in the account's event history. */
export class PartDescriber {
  readonly #world: World
  readonly #region: string
  readonly #services: Map<string, Service>
  readonly #picture: Picture

  constructor(world: World, region: string, services: Service[], picture: Picture) {
    this.#world = world
    this.#region = region
    this.#services = new Map(services.map((service) => [service.name, service]))
    this.#picture = picture
  }

  /** Gives undefined when there is no such part (any more). */
  async describe(id: string): Promise<PartDetails | undefined> {
    const found = this.#picture.find(id)
    if (!found) return undefined
    const { part, key } = found
    if (key?.startsWith('kubernetes/')) return this.#object(part, key)
    const record = key === undefined ? undefined : this.#world.store.get<Value>(key)?.value
    if (record === undefined) return { part, events: [] }
    if (key!.startsWith('aws/')) return this.#resource(part, key!, record)
    return { part, ...this.#elsewhere(part), events: [] }
  }

  /** As `kubectl get -o yaml` shows it: without `managedFields`, with its events. */
  #object(part: Part, key: string): PartDetails | undefined {
    const entry = this.#world.store.get<Value>(key)
    if (!entry) return undefined
    const [, cluster, , resource, namespace, name] = key.split('/')
    const { managedFields: _, ...metadata } = entry.value.metadata
    const text = stringify({
      ...entry.value,
      metadata: { ...metadata, resourceVersion: String(entry.modRevision) },
    })
    const place = namespace === '_' ? '' : ` --namespace ${namespace}`
    return {
      part,
      command: `kubectl describe ${resource!.replace(/s$/, '')} ${name}${place}`,
      text,
      language: 'yaml',
      events: this.#events(cluster!, namespace!, entry.value),
    }
  }

  /** The latest first. */
  #events(cluster: string, namespace: string, { kind, metadata }: Value): PartEvent[] {
    // Those of objects without a namespace stand in `default`.
    const folder = `kubernetes/${cluster}/core/events/${namespace === '_' ? 'default' : namespace}/`
    return this.#world.store
      .values<Value>(folder)
      .filter(({ involvedObject: { kind: of, name } }) => of === kind && name === metadata.name)
      .map((event) => ({
        at: Date.parse(
          event.series?.lastObservedTime ??
            event.lastTimestamp ??
            event.eventTime ??
            event.metadata.creationTimestamp,
        ),
        type: event.type,
        reason: event.reason,
        message: event.message ?? '',
        count: event.series?.count ?? event.count ?? 1,
      }))
      .sort((a, b) => b.at - a.at)
      .slice(0, EVENTS)
  }

  /** What the resource's service answers, as the CLI prints it. */
  async #resource(part: Part, key: string, record: Value): Promise<PartDetails> {
    const row = DESCRIPTIONS[part.kind]
    const description = typeof row === 'function' ? row(part) : row
    if (!description) return { part, events: [] }
    const scope = scopeOfKey(this.#world, key)
    const command =
      description.command(record) + (scope.region === this.#region ? '' : ` --region ${scope.region}`)
    const resource = await this.#ask(scope, description, record)
    const text = JSON.stringify(resource, null, 4)
    return {
      part,
      command,
      ...(text && { text, language: 'json' as const }),
      events: serviceEvents(resource),
    }
  }

  async #ask(scope: Scope, { service, operation, input, pick }: Description, record: Value): Promise<Value> {
    const known = this.#services.get(service)
    if (!known) return undefined
    const principal = rootPrincipal(scope.accountId)
    const call = awsCaller({ scope, service: known, title: service, principal })
    return pick(await call<Value>(operation, input(record)))
  }

  #elsewhere(part: Part): Pick<PartDetails, 'command'> {
    const [, name = ''] = /^(?:tag|repository|container)\/(.*)$/.exec(part.id) ?? []
    if (part.kind === 'component')
      return { command: `docker exec ${part.facts!.Machine} crictl ps --all --name ${part.name}` }
    if (part.kind === 'kubernetes') return { command: 'kubectl cluster-info' }
    if (part.kind === 'container') return { command: `docker inspect ${part.name}` }
    const [host, ...path] = name.split('/')
    if (part.kind === 'repository') return { command: `docker search ${path.join('/')}` }
    if (part.kind !== 'tag') return {}
    const [repository, tag] = path.join('/').split(':')
    return host?.includes('.dkr.ecr.')
      ? { command: `aws ecr describe-images --repository-name ${repository} --image-ids imageTag=${tag}` }
      : { command: `docker manifest inspect ${repository}:${tag}` }
  }
}

/** What an ECS service tells of itself. */
function serviceEvents(resource: Value): PartEvent[] {
  if (!Array.isArray(resource?.events)) return []
  return resource.events.slice(0, EVENTS).map(({ createdAt, message }: Value) => ({
    at: new Date(createdAt).getTime(),
    type: 'Normal',
    reason: '',
    message,
    count: 1,
  }))
}
