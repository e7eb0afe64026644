import type { Scope } from '#aws/ec2/index.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { deleteLoadBalancer, ensureLoadBalancer, findLoadBalancer } from '#aws/elb/index.ts'
import { loadBalancers } from '#aws/elbv2/index.ts'
import { decide, rolePrincipal } from '#aws/iam/identity.ts'
import { denialText } from '#aws/wire/denial.ts'
import type { BalancerStack } from '#kubernetes/balancers/stack.ts'
import { resourceName } from '#kubernetes/balancers/target-groups.ts'
import type { CloudProvider, LoadBalancerRequest } from '#kubernetes/provider.ts'
import {
  admitToNodes,
  balancerSubnets,
  ensureBalancerGroup,
  removeBalancerGroup,
} from './balancer-network.ts'
import { clusterPrincipal } from './balancer-principal.ts'
import { balancerStacks } from './balancer-stacks.ts'

type Balancers = Pick<CloudProvider, 'ensureLoadBalancer' | 'deleteLoadBalancer'>

const TYPE = 'service.beta.kubernetes.io/aws-load-balancer-type'
/** Values with which a Service asks for the AWS Load Balancer Controller. */
const ELSEWHERE = ['external', 'nlb-ip']
const INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal'
/** Health check of the AWS cloud provider (https://cloud-provider-aws.sigs.k8s.io/service_controller/). */
const HEALTH_CHECK = { interval: 10, timeout: 5, unhealthyThreshold: 6, healthyThreshold: 2 }

const NETWORK_HEALTH_CHECK = {
  protocol: 'TCP',
  port: 'traffic-port',
  path: '/',
  intervalSeconds: 30,
  timeoutSeconds: 10,
  healthyThreshold: 3,
  unhealthyThreshold: 3,
  matcher: '200-399',
}

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
  const network = balancerStacks(scope, cluster, () => clusterPrincipal(scope, cluster, 'service-controller'))

  /** A network load balancer that leads to the nodes (`aws-load-balancer-type: nlb`). */
  async function ensureNetworkBalancer(service: LoadBalancerRequest) {
    const stack = nodePortStack(cluster, service)
    const { hostname, targetGroups } = await network.deploy(stack, NOBODY)
    for (const { name, port } of stack.targetGroups) {
      const targets = service.nodes.map(({ providerId: id }) => ({ id, port }))
      await network.setTargets(targetGroups[name]!, targets, NOBODY)
    }
    return [{ hostname }]
  }

  return {
    async ensureLoadBalancer(service) {
      const type = service.annotations[TYPE] ?? ''
      if (ELSEWHERE.includes(type)) return 'elsewhere'
      checkSupported(service)
      if (type === 'nlb') return ensureNetworkBalancer(service)
      const name = loadBalancerName(service.uid)
      const existing = findLoadBalancer(scope, name)
      if (!existing) allowed('elasticloadbalancing:CreateLoadBalancer')
      const internal = service.annotations[INTERNAL] === 'true'
      const subnets = existing ? existing.subnetIds : subnetsFor(scope, cluster, internal)
      const groupId = ensureBalancerGroup(
        scope,
        cluster,
        {
          name: `k8s-elb-${name}`,
          description: `Security group for Kubernetes ELB ${name} (${service.namespace}/${service.name})`,
          tags: { [`kubernetes.io/cluster/${cluster.name}`]: 'owned' },
        },
        service.ports.map(({ port }) => port),
        service.sourceRanges,
      )
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
    async deleteLoadBalancer({ namespace, name: serviceName, uid }) {
      const name = loadBalancerName(uid)
      if (loadBalancers.list(scope).some((balancer) => balancer.name === name)) {
        return network.remove({ kind: 'service', id: `${namespace}/${serviceName}` }, NOBODY)
      }
      if (findLoadBalancer(scope, name)) allowed('elasticloadbalancing:DeleteLoadBalancer')
      deleteLoadBalancer(scope, name)
      removeBalancerGroup(scope, cluster, `k8s-elb-${name}`)
    },
  }
}

/** `a` and the Service's uid without hyphens, as long as ELB allows (`DefaultLoadBalancerName`). */
const loadBalancerName = (uid: string) => `a${uid.replaceAll('-', '')}`.slice(0, 32)

/** The cluster's own role calls, not a pod's. */
const NOBODY = { nodeName: '', namespace: '', serviceAccount: '', roleArn: undefined }

/** What the AWS cloud provider makes of a Service with `aws-load-balancer-type: nlb`. */
function nodePortStack(cluster: ClusterRecord, service: LoadBalancerRequest): BalancerStack {
  const { namespace, name, uid, annotations, ports, sourceRanges } = service
  const nameOf = (port: number) => resourceName(namespace, name, uid, port)
  return {
    kind: 'service',
    id: `${namespace}/${name}`,
    type: 'network',
    scheme: annotations[INTERNAL] === 'true' ? 'internal' : 'internet-facing',
    name: loadBalancerName(uid),
    subnets: undefined,
    securityGroups: undefined,
    inboundCidrs: sourceRanges,
    attributes: {},
    tags: {
      'kubernetes.io/service-name': `${namespace}/${name}`,
      [`kubernetes.io/cluster/${cluster.name}`]: 'owned',
    },
    listeners: ports.map(({ port }) => ({
      protocol: 'TCP',
      port,
      defaultAction: { Type: 'forward', ForwardConfig: { TargetGroups: [{ group: nameOf(port) }] } },
      rules: [],
    })),
    targetGroups: ports.map(({ port, nodePort }) => ({
      name: nameOf(port),
      protocol: 'TCP',
      port: nodePort,
      targetType: 'instance',
      healthCheck: NETWORK_HEALTH_CHECK,
      attributes: {},
      namespace,
      service: name,
      servicePort: port,
    })),
  }
}

function checkSupported({ annotations, ports }: LoadBalancerRequest): void {
  const type = annotations[TYPE]
  if (type !== undefined && type !== 'nlb') {
    throw new Error(
      `Drydock does not simulate load balancers of type "${type}": leave out the annotation ${TYPE} for a Classic Load Balancer`,
    )
  }
  const other = ports.find(({ protocol }) => protocol !== 'TCP')
  if (other) throw new Error('Only TCP LoadBalancer is supported for AWS ELB')
}

function subnetsFor(scope: Scope, cluster: ClusterRecord, internal: boolean): string[] {
  const subnets = balancerSubnets(scope, cluster, internal)
  if (subnets.length === 0) throw new Error('could not find any suitable subnets for creating the ELB')
  return subnets.map(({ id }) => id)
}
