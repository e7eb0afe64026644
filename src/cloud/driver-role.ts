import type { Scope } from '#aws/ec2/index.ts'
import type { ClusterRecord } from '#aws/eks/index.ts'
import { nodeNamed } from '#aws/eks/node-index.ts'
import { podIdentityOf } from '#aws/eks/pod-identity.ts'
import { roleByArn } from '#aws/iam/identity.ts'
import { trusts } from '#aws/iam/policy/evaluate.ts'
import type { ClusterApi, KubernetesObject } from '#kubernetes/api.ts'
import type { Pod } from '#kubernetes/objects.ts'
import { agentRuns } from './pod-identity-agent.ts'
import { AGENT_ADDRESS } from './pod-webhooks.ts'

const NAMESPACE = 'kube-system'
const ROLE = 'eks.amazonaws.com/role-arn'

/** Where the controller of a storage driver runs: its service account, and the label `app` of its pods. */
export interface DriverController {
  account: string
  app: string
}

/**
 * Whose rights a driver's controller has: its service account's role, or that of the node that it runs on.
 * `operation` is what it was about to call (`EC2: CreateVolume`). Throws the SDK's text when the role cannot be assumed,
 * or when it comes by Pod Identity and no agent runs on that node.
 */
export function driverRole(
  scope: Scope,
  cluster: ClusterRecord,
  client: Pick<ClusterApi, 'get' | 'list'>,
  { account, app }: DriverController,
  operation: string,
): string {
  const pod = client
    .list<Pod>('pods', NAMESPACE)
    .find(({ metadata, spec }) => metadata.labels?.app === app && spec.nodeName)
  return accountRole(scope, cluster, client, { account, node: pod?.spec.nodeName }, operation)
}

/** Whose rights pods of a service account of kube-system have on a node; see `driverRole`. */
export function accountRole(
  scope: Scope,
  cluster: ClusterRecord,
  client: Pick<ClusterApi, 'get' | 'list'>,
  { account, node }: { account: string; node: string | undefined },
  operation: string,
): string {
  const association = podIdentityOf(scope, cluster.name, NAMESPACE, account)
  if (association) {
    if (agentRuns(client, node)) return association.roleArn
    throw new Error(
      `operation error ${operation}, get identity: get credentials: failed to refresh cached credentials, failed to load credentials, exceeded maximum number of attempts, 3, request send failed, Get "http://${AGENT_ADDRESS}/v1/credentials": dial tcp ${AGENT_ADDRESS}:80: connect: connection refused`,
    )
  }
  const annotated = client.get<KubernetesObject>('serviceaccounts', NAMESPACE, account)?.metadata
    .annotations?.[ROLE]
  if (annotated) {
    const issuer = cluster.oidcIssuer.replace('https://', '')
    const provider = `arn:aws:iam::${annotated.split(':')[4]}:oidc-provider/${issuer}`
    const claims = {
      [`${issuer}:sub`]: `system:serviceaccount:${NAMESPACE}:${account}`,
      [`${issuer}:aud`]: 'sts.amazonaws.com',
    }
    const role = roleByArn(scope.world, annotated)
    if (role && trusts(role.trustPolicy, { federated: provider }, 'sts:AssumeRoleWithWebIdentity', claims))
      return annotated
    throw new Error(
      `operation error ${operation}, get identity: get credentials: failed to refresh cached credentials, failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, RequestID: ${scope.world.ids.uuid()}, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity`,
    )
  }
  return nodeNamed(scope.world, cluster.uid, node ?? '')?.roleArn ?? ''
}
