import { internetPath, rulesOf, type Scope, tables } from '#aws/ec2/index.ts'
import { makeSecurityGroup } from '#aws/ec2/make-vpc.ts'
import type { SubnetRecord } from '#aws/ec2/records.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { deleteLoadBalancer, ensureLoadBalancer, findLoadBalancer } from '#aws/elb/index.ts'
import { decide, rolePrincipal } from '#aws/iam/identity.ts'
import { denialText } from '#aws/wire/denial.ts'
import type { CloudProvider, LoadBalancerRequest } from '#kubernetes/provider.ts'

type Balancers = Pick<CloudProvider, 'ensureLoadBalancer' | 'deleteLoadBalancer'>

const TYPE = 'service.beta.kubernetes.io/aws-load-balancer-type'
const INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal'
/** Health check of the AWS cloud provider (https://cloud-provider-aws.sigs.k8s.io/service_controller/). */
const HEALTH_CHECK = { interval: 10, timeout: 5, unhealthyThreshold: 6, healthyThreshold: 2 }

/**
 * Load balancers for the Services of an EKS cluster, as the AWS cloud provider makes them with the cluster's role: a Classic Load
 * Balancer in the cluster's subnets, its own security group, and a rule that lets it in to the nodes.
 */
export function serviceLoadBalancers(scope: Scope, cluster: ClusterRecord): Balancers {
  const allowed = (action: string) => {
    const principal = rolePrincipal(scope.world, cluster.roleArn, 'service-controller')
    const decision = principal && decide(scope.world, { principal, action, resource: '*' })
    if (decision?.allowed) return
    throw new Error(
      principal
        ? `AccessDenied: ${denialText(principal, action, '*', decision!)}`
        : `AccessDenied: the role ${cluster.roleArn} does not exist`,
    )
  }
  return {
    async ensureLoadBalancer(service) {
      checkSupported(service)
      const name = loadBalancerName(service.uid)
      const existing = findLoadBalancer(scope, name)
      if (!existing) allowed('elasticloadbalancing:CreateLoadBalancer')
      const internal = service.annotations[INTERNAL] === 'true'
      const subnets = existing
        ? existing.subnetIds
        : pickSubnets(scope, cluster, internal).map(({ id }) => id)
      const groupId = ensureGroup(scope, cluster, name, service)
      admitToNodes(scope, cluster, groupId)
      const { dnsName } = ensureLoadBalancer(scope, {
        name,
        listeners: service.ports.map(({ port, nodePort }) => ({
          protocol: 'TCP',
          port,
          instanceProtocol: 'TCP',
          instancePort: nodePort,
        })),
        subnetIds: subnets,
        groupIds: [groupId],
        scheme: internal ? 'internal' : 'internet-facing',
        instanceIds: service.nodes.map(({ providerId }) => providerId.split('/').at(-1)!),
        healthCheck: { target: `TCP:${service.ports[0]!.nodePort}`, ...HEALTH_CHECK },
        tags: {
          'kubernetes.io/service-name': `${service.namespace}/${service.name}`,
          [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
        },
      })
      return [{ hostname: dnsName }]
    },
    async deleteLoadBalancer({ uid }) {
      const name = loadBalancerName(uid)
      if (findLoadBalancer(scope, name)) allowed('elasticloadbalancing:DeleteLoadBalancer')
      deleteLoadBalancer(scope, name)
      const group = groupNamed(scope, cluster, `k8s-elb-${name}`)
      if (!group) return
      for (const rule of tables.securityGroupRules.list(scope)) {
        if (rule.groupId === group.id || rule.peerGroupId === group.id)
          tables.securityGroupRules.delete(scope, rule.id)
      }
      tables.securityGroups.delete(scope, group.id)
    },
  }
}

/** `a` and the Service's uid without hyphens, as long as ELB allows (`DefaultLoadBalancerName`). */
const loadBalancerName = (uid: string) => `a${uid.replaceAll('-', '')}`.slice(0, 32)

function checkSupported({ annotations, ports }: LoadBalancerRequest): void {
  const type = annotations[TYPE]
  if (type !== undefined) {
    throw new Error(
      `Drydock does not simulate load balancers of type "${type}": leave out the annotation ${TYPE} for a Classic Load Balancer`,
    )
  }
  const other = ports.find(({ protocol }) => protocol !== 'TCP')
  if (other) throw new Error('Only TCP LoadBalancer is supported for AWS ELB')
}

/** One subnet for each availability zone: those meant for load balancers by their tag first, then by id. */
function pickSubnets(scope: Scope, cluster: ClusterRecord, internal: boolean): SubnetRecord[] {
  const role = internal ? 'kubernetes.io/role/internal-elb' : 'kubernetes.io/role/elb'
  const tagged = (subnet: SubnetRecord) => role in subnet.tags
  const candidates = tables.subnets
    .list(scope)
    .filter(({ vpcId }) => vpcId === cluster.vpcId)
    .filter((subnet) => tagged(subnet) || cluster.subnetIds.includes(subnet.id))
    .filter((subnet) => internal || internetPath(scope, subnet) === 'internet-gateway')
    .sort((a, b) => Number(tagged(b)) - Number(tagged(a)) || (a.id < b.id ? -1 : 1))
  const byZone = new Map<string, SubnetRecord>()
  for (const subnet of candidates) if (!byZone.has(subnet.zone)) byZone.set(subnet.zone, subnet)
  if (byZone.size === 0) throw new Error('could not find any suitable subnets for creating the ELB')
  return [...byZone.values()]
}

const groupNamed = (scope: Scope, cluster: ClusterRecord, name: string) =>
  tables.securityGroups.list(scope).find((group) => group.name === name && group.vpcId === cluster.vpcId)

/** The load balancer's own security group, letting clients in to the Service's ports. */
function ensureGroup(
  scope: Scope,
  cluster: ClusterRecord,
  name: string,
  service: LoadBalancerRequest,
): string {
  const group =
    groupNamed(scope, cluster, `k8s-elb-${name}`) ??
    makeSecurityGroup(scope, {
      name: `k8s-elb-${name}`,
      description: `Security group for Kubernetes ELB ${name} (${service.namespace}/${service.name})`,
      vpcId: cluster.vpcId,
      tags: { [`kubernetes.io/cluster/${cluster.name}`]: 'owned' },
    })
  const cidrs = service.sourceRanges.length > 0 ? service.sourceRanges : ['0.0.0.0/0']
  const wanted = new Set(service.ports.flatMap(({ port }) => cidrs.map((cidr) => `${port} ${cidr}`)))
  for (const rule of rulesOf(scope, group.id)) {
    if (rule.egress) continue
    const key = `${rule.fromPort} ${rule.cidr}`
    if (!wanted.delete(key)) tables.securityGroupRules.delete(scope, rule.id)
  }
  for (const key of wanted) {
    const [port, cidr] = key.split(' ') as [string, string]
    tables.securityGroupRules.put(scope, {
      id: tables.securityGroupRules.newId(scope),
      tags: {},
      groupId: group.id,
      egress: false,
      protocol: 'tcp',
      fromPort: Number(port),
      toPort: Number(port),
      cidr,
    })
  }
  return group.id
}

/** A rule in the nodes' security group that admits all traffic of the load balancer's. */
function admitToNodes(scope: Scope, cluster: ClusterRecord, groupId: string): void {
  const nodesGroup = cluster.clusterSecurityGroupId
  if (!nodesGroup || rulesOf(scope, nodesGroup).some(({ peerGroupId }) => peerGroupId === groupId)) return
  tables.securityGroupRules.put(scope, {
    id: tables.securityGroupRules.newId(scope),
    tags: {},
    groupId: nodesGroup,
    egress: false,
    protocol: '-1',
    peerGroupId: groupId,
  })
}
