import type { InstanceRecord, Scope } from '../ec2/index.ts'
import { Entities } from '../iam/entities.ts'
import { decide, rolePrincipal } from '../iam/identity.ts'
import { denialText } from '../wire/denial.ts'
import { reachesEndpoint } from './endpoint-access.ts'
import { type AwsAuth, kubernetesUser } from './kubernetes-access.ts'
import type { ClusterRecord } from './records.ts'

/** The role of an instance's profile; undefined without a profile, or with an empty one. */
export function roleOfInstance(scope: Scope, { profile }: InstanceRecord): string | undefined {
  if (!profile) return undefined
  const entities = new Entities(scope.world, scope.accountId)
  const [name] = entities.get('instance-profile', profile.arn.split('/').at(-1)!)?.roles ?? []
  return name === undefined ? undefined : entities.get('role', name)?.arn
}

/**
 * Why the kubelet of a machine is no node of the cluster, as the machine's journal tells it; undefined when it is one.
 * A kubelet needs its role's credentials, a way to the API server, and the cluster's consent to be `system:node:<its name>`.
 */
export function nodeRefusal(
  scope: Scope,
  cluster: ClusterRecord,
  instance: InstanceRecord,
  roleArn: string | undefined,
  awsAuth: AwsAuth | undefined,
): string | undefined {
  const principal = roleArn === undefined ? undefined : rolePrincipal(scope.world, roleArn, instance.id)
  const nodeadm = (error: string) =>
    `nodeadm: {"level":"fatal","msg":"Command failed","error":${JSON.stringify(error)}}`
  if (!principal) {
    return nodeadm(
      'operation error EC2: DescribeInstances, get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found',
    )
  }
  const action = 'ec2:DescribeInstances'
  const decision = decide(scope.world, { principal, action, resource: '*' })
  if (!decision.allowed) {
    return nodeadm(
      `operation error EC2: DescribeInstances, https response error StatusCode: 403, api error UnauthorizedOperation: You are not authorized to perform this operation. ${denialText(principal, action, '*', decision)}`,
    )
  }
  const kubelet = (error: string) =>
    `kubelet: "Unable to register node with API server" err=${JSON.stringify(error)} node="${instance.privateDnsName}"`
  if (!reachesEndpoint(scope, cluster, instance)) {
    const { hostname } = new URL(cluster.endpoint)
    return kubelet(`Post "https://${hostname}/api/v1/nodes": dial tcp: ${hostname}:443: i/o timeout`)
  }
  const user = kubernetesUser(scope, cluster, principal, awsAuth)
  if (!user) return kubelet('Unauthorized')
  if (user.groups.includes('system:masters')) return undefined
  const isNode =
    user.username === `system:node:${instance.privateDnsName}` && user.groups.includes('system:nodes')
  if (isNode) return undefined
  return kubelet(
    `nodes is forbidden: User "${user.username}" cannot create resource "nodes" in API group "" at the cluster scope`,
  )
}
