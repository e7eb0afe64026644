import type * as sdk from '@aws-sdk/client-elastic-load-balancing-v2'
import { type Scope, tables } from '#aws/ec2/index.ts'
import type { SubnetRecord } from '#aws/ec2/records.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { elbv2Service, listeners, loadBalancers, targetGroups, targets } from '#aws/elbv2/index.ts'
import type { Principal } from '#aws/wire/service.ts'
import {
  type BalancerCaller,
  type BalancerCloud,
  type BalancerStack,
  type DeployedBalancer,
  ModelError,
  type StackAction,
  type StackTargetGroup,
} from '#kubernetes/balancers/stack.ts'
import { type AwsCall, awsCaller } from './aws-calls.ts'
import { type CertificateDiscovery, certificateDiscovery } from './balancer-certificates.ts'
import {
  admitToNodes,
  balancerSubnets,
  ensureBalancerGroup,
  removeBalancerGroup,
} from './balancer-network.ts'
import { controllerPrincipal } from './balancer-principal.ts'

const TITLE = 'Elastic Load Balancing v2'
/** What the controller gives HTTPS listeners unless it is told otherwise (`--default-ssl-policy`). */
const DEFAULT_SSL_POLICY = 'ELBSecurityPolicy-2016-08'

/** By what tags a controller knows what is its own. */
export interface BalancerTags {
  cluster: string
  domain: string
}
const INSTALLED_TAGS: BalancerTags = { cluster: 'elbv2.k8s.aws/cluster', domain: 'k8s.aws' }

/**
 * What the AWS Load Balancer Controller of an EKS cluster does in the account, as the role of its pods; or as another caller, who
 * works in the same way. Models its pkg/deploy.
 */
export function balancerStacks(
  scope: Scope,
  cluster: ClusterRecord,
  principalOf: (caller: BalancerCaller) => Principal = (caller) =>
    controllerPrincipal(scope, cluster, caller),
  { cluster: CLUSTER_TAG, domain }: BalancerTags = INSTALLED_TAGS,
): BalancerCloud {
  const tagsOf = ({
    kind,
    id,
    tags,
  }: Pick<BalancerStack, 'kind' | 'id'> & { tags?: Record<string, string> }) => ({
    ...tags,
    [CLUSTER_TAG]: cluster.name,
    [`${kind}.${domain}/stack`]: id,
  })
  const callAs = (caller: BalancerCaller, tags: Record<string, string>): AwsCall =>
    awsCaller({
      scope,
      service: elbv2Service,
      title: TITLE,
      principal: principalOf(caller),
      conditions: {
        ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
        ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      },
    })
  /** Whether a resource belongs to a stack, by its tags. */
  const belongs = (tags: Record<string, string>) => (record: { tags: Record<string, string> }) =>
    [CLUSTER_TAG, ...Object.keys(tags).filter((key) => key.endsWith(`.${domain}/stack`))].every(
      (key) => record.tags[key] === tags[key],
    )

  return {
    async deploy(stack, caller) {
      const tags = tagsOf(stack)
      const call = callAs(caller, tags)
      await call('DescribeLoadBalancers', {})
      const subnets = subnetsOf(scope, cluster, stack)
      const groupIds = stack.securityGroups?.map((group) => groupId(scope, cluster, group)) ?? [
        ensureBalancerGroup(
          scope,
          cluster,
          { name: stack.name, description: '[k8s] Managed SecurityGroup for LoadBalancer', tags },
          stack.listeners.map(({ port }) => port),
          stack.inboundCidrs,
        ),
      ]
      for (const id of groupIds) admitToNodes(scope, cluster, id)
      const balancer = await ensureBalancer(call, stack, { subnets, groupIds, tags })
      const arns: Record<string, string> = {}
      for (const group of stack.targetGroups) arns[group.name] = await ensureTargetGroup(call, group, tags)
      await ensureListeners(call, balancer.arn, stack, arns, certificateDiscovery(scope, principalOf(caller)))
      for (const { arn, name } of targetGroups.list(scope).filter(belongs(tags))) {
        if (!arns[name]) await call('DeleteTargetGroup', { TargetGroupArn: arn })
      }
      return { hostname: balancer.hostname, targetGroups: arns } satisfies DeployedBalancer
    },

    async remove(stack, caller) {
      const tags = tagsOf(stack)
      const call = callAs(caller, tags)
      for (const { arn, name } of loadBalancers.list(scope).filter(belongs(tags))) {
        await call('DeleteLoadBalancer', { LoadBalancerArn: arn })
        removeBalancerGroup(scope, cluster, name)
      }
      for (const { arn } of targetGroups.list(scope).filter(belongs(tags)))
        await call('DeleteTargetGroup', { TargetGroupArn: arn })
    },

    async setTargets(groupArn, wanted, caller) {
      const call = callAs(caller, { [CLUSTER_TAG]: cluster.name })
      const found = targets.list(scope, groupArn).filter(({ state }) => state !== 'draining')
      const keyOf = ({ id, port }: { id: string; port: number }) => `${id}:${port}`
      const asked = wanted.map(({ id, port }) => ({ id: id.split('/').at(-1)!, port }))
      const known = new Set(found.map(keyOf))
      const added = asked.filter((target) => !known.has(keyOf(target)))
      const kept = new Set(asked.map(keyOf))
      const gone = found.filter((target) => !kept.has(keyOf(target)))
      const described = (list: { id: string; port: number }[]) =>
        list.map(({ id: Id, port: Port }) => ({ Id, Port }))
      if (added.length > 0)
        await call('RegisterTargets', { TargetGroupArn: groupArn, Targets: described(added) })
      if (gone.length > 0)
        await call('DeregisterTargets', { TargetGroupArn: groupArn, Targets: described(gone) })
    },
  }

  /** The load balancer of a stack; one of another type or scheme is replaced. */
  async function ensureBalancer(
    call: AwsCall,
    stack: BalancerStack,
    wanted: { subnets: SubnetRecord[]; groupIds: string[]; tags: Record<string, string> },
  ): Promise<{ arn: string; hostname: string }> {
    const { subnets, groupIds, tags } = wanted
    for (const other of loadBalancers.list(scope).filter(belongs(tags))) {
      if (other.name === stack.name && other.type === stack.type && other.scheme === stack.scheme) continue
      await call('DeleteLoadBalancer', { LoadBalancerArn: other.arn })
      if (other.name !== stack.name) removeBalancerGroup(scope, cluster, other.name)
    }
    const create = async () => {
      const made = await call<sdk.CreateLoadBalancerCommandOutput>('CreateLoadBalancer', {
        Name: stack.name,
        Type: stack.type,
        Scheme: stack.scheme,
        Subnets: subnets.map(({ id }) => id),
        SecurityGroups: groupIds,
        IpAddressType: 'ipv4',
        Tags: asTags(tags),
      })
      return loadBalancers.get(scope, made.LoadBalancers![0]!.LoadBalancerArn!)
    }
    const record = loadBalancers.list(scope).find(({ name }) => name === stack.name) ?? (await create())
    const { arn } = record
    if ([...record.groupIds].sort().join() !== [...groupIds].sort().join())
      await call('SetSecurityGroups', { LoadBalancerArn: arn, SecurityGroups: groupIds })
    const changed = Object.entries(stack.attributes).filter(
      ([key, value]) => record.attributes[key] !== value,
    )
    if (changed.length > 0) {
      const Attributes = changed.map(([Key, Value]) => ({ Key, Value }))
      await call('ModifyLoadBalancerAttributes', { LoadBalancerArn: arn, Attributes })
    }
    return { arn, hostname: record.dnsName }
  }

  async function ensureTargetGroup(
    call: AwsCall,
    group: StackTargetGroup,
    tags: Record<string, string>,
  ): Promise<string> {
    const { healthCheck: check } = group
    const http = check.protocol === 'HTTP'
    const settings = {
      HealthCheckProtocol: check.protocol,
      HealthCheckPort: check.port,
      ...(http && { HealthCheckPath: check.path, Matcher: { HttpCode: check.matcher } }),
      HealthCheckIntervalSeconds: check.intervalSeconds,
      HealthCheckTimeoutSeconds: Math.min(check.timeoutSeconds, Math.max(check.intervalSeconds - 1, 1)),
      HealthyThresholdCount: check.healthyThreshold,
      UnhealthyThresholdCount: check.unhealthyThreshold,
    }
    const found = targetGroups.list(scope).find(({ name }) => name === group.name)
    if (found) await call('ModifyTargetGroup', { TargetGroupArn: found.arn, ...settings })
    const create = async () => {
      const made = await call<sdk.CreateTargetGroupCommandOutput>('CreateTargetGroup', {
        Name: group.name,
        Protocol: group.protocol,
        Port: group.port,
        VpcId: cluster.vpcId,
        TargetType: group.targetType,
        ...settings,
        Tags: asTags(tags),
      })
      return made.TargetGroups![0]!.TargetGroupArn!
    }
    const arn = found?.arn ?? (await create())
    const Attributes = Object.entries(group.attributes).map(([Key, Value]) => ({ Key, Value }))
    if (Attributes.length > 0) await call('ModifyTargetGroupAttributes', { TargetGroupArn: arn, Attributes })
    return arn
  }

  async function ensureListeners(
    call: AwsCall,
    balancerArn: string,
    stack: BalancerStack,
    arns: Record<string, string>,
    discover: CertificateDiscovery,
  ): Promise<void> {
    const present = listeners.list(scope, balancerArn)
    for (const { arn, port } of present) {
      if (!stack.listeners.some((wanted) => wanted.port === port))
        await call('DeleteListener', { ListenerArn: arn })
    }
    for (const { port, protocol, certificates, sslPolicy, defaultAction, rules } of stack.listeners) {
      const [first, ...others] = certificates ? await discover(certificates) : []
      const settings = {
        DefaultActions: [inApiTerms(defaultAction, arns)],
        ...(first && { Certificates: [{ CertificateArn: first }] }),
        ...(certificates && { SslPolicy: sslPolicy ?? DEFAULT_SSL_POLICY }),
      }
      const known = present.find((listener) => listener.port === port)
      if (known)
        await call('ModifyListener', { ListenerArn: known.arn, Port: port, Protocol: protocol, ...settings })
      const create = async () => {
        const input = { LoadBalancerArn: balancerArn, Port: port, Protocol: protocol, ...settings }
        const made = await call<sdk.CreateListenerCommandOutput>('CreateListener', input)
        return made.Listeners![0]!.ListenerArn!
      }
      const arn = known?.arn ?? (await create())
      if (certificates) await ensureCertificates(call, arn, others)
      if (stack.type === 'network') continue
      await ensureRules(
        call,
        arn,
        rules.map(({ conditions, action }) => ({
          Conditions: conditions,
          Actions: [inApiTerms(action, arns)],
        })),
      )
    }
  }

  /** Gives a listener these certificates beside its default one. */
  async function ensureCertificates(call: AwsCall, ListenerArn: string, wanted: string[]): Promise<void> {
    const [, ...present] = listeners.get(scope, ListenerArn).certificates ?? []
    const described = (list: string[]) => list.map((CertificateArn) => ({ CertificateArn }))
    const added = wanted.filter((arn) => !present.includes(arn))
    const gone = present.filter((arn) => !wanted.includes(arn))
    if (added.length > 0)
      await call('AddListenerCertificates', { ListenerArn, Certificates: described(added) })
    if (gone.length > 0)
      await call('RemoveListenerCertificates', { ListenerArn, Certificates: described(gone) })
  }

  /** Priorities count from one in the order of the rules. */
  async function ensureRules(
    call: AwsCall,
    ListenerArn: string,
    wanted: { Conditions: object[]; Actions: object[] }[],
  ): Promise<void> {
    const { Rules = [] } = await call<sdk.DescribeRulesCommandOutput>('DescribeRules', { ListenerArn })
    const present = new Map(Rules.map((rule) => [Number(rule.Priority), rule.RuleArn]))
    for (const [index, rule] of wanted.entries()) {
      const RuleArn = present.get(index + 1)
      present.delete(index + 1)
      if (RuleArn) await call('ModifyRule', { RuleArn, ...rule })
      else await call('CreateRule', { ListenerArn, Priority: index + 1, ...rule })
    }
    for (const [priority, RuleArn] of present) if (priority) await call('DeleteRule', { RuleArn })
  }
}

const asTags = (tags: Record<string, string>) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))

/** An action with the ARNs of the target groups that it names. */
function inApiTerms(action: StackAction, arns: Record<string, string>): object {
  const config = action.ForwardConfig as { TargetGroups?: Record<string, unknown>[] } | undefined
  if (!config?.TargetGroups) return action
  const TargetGroups = config.TargetGroups.map(({ group, ...rest }) => ({
    ...rest,
    ...(typeof group === 'string' && { TargetGroupArn: arns[group] }),
  }))
  return { ...action, ForwardConfig: { ...config, TargetGroups } }
}

/** The subnets that a stack names or that its tags and routes suggest. Throws ModelError. */
function subnetsOf(scope: Scope, cluster: ClusterRecord, stack: BalancerStack): SubnetRecord[] {
  const least = stack.type === 'application' ? 2 : 1
  const subnets = stack.subnets
    ? namedSubnets(scope, cluster, stack.subnets)
    : balancerSubnets(scope, cluster, stack.scheme === 'internal')
  if (subnets.length === 0) {
    throw new ModelError(
      "couldn't auto-discover subnets: unable to resolve at least one subnet. Evaluated 0 subnets: 0 are tagged for other clusters, and 0 have insufficient available IP addresses",
    )
  }
  if (subnets.length >= least) return subnets
  const why = `subnets count less than minimal required count: ${subnets.length} < ${least}`
  throw new ModelError(stack.subnets ? why : `couldn't auto-discover subnets: ${why}`)
}

function namedSubnets(scope: Scope, { vpcId }: ClusterRecord, names: string[]): SubnetRecord[] {
  const found = tables.subnets
    .list(scope)
    .filter(
      (subnet) =>
        subnet.vpcId === vpcId && names.some((name) => [subnet.id, subnet.tags.Name].includes(name)),
    )
  if (found.length === names.length) return found
  throw new ModelError(`couldn't find all subnets, nameOrIDs: [${names.join(' ')}], found: ${found.length}`)
}

function groupId(scope: Scope, { vpcId }: ClusterRecord, nameOrId: string): string {
  const found = tables.securityGroups
    .list(scope)
    .find((group) => group.vpcId === vpcId && [group.id, group.name, group.tags.Name].includes(nameOrId))
  if (!found)
    throw new ModelError(`couldn't find all security groups: requested ids [${nameOrId}] but found []`)
  return found.id
}
