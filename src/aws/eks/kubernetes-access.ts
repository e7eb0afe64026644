import { parse } from 'yaml'
import { type Scope, tables } from '../ec2/index.ts'
import type { Principal } from '../wire/service.ts'
import { principalParts } from './access-entry-records.ts'
import { principalArnOf } from './clusters.ts'
import { accessPolicies, POLICY_ARN_PREFIX, type PolicyRule } from './data/access-policies.ts'
import type { AccessEntryRecord, ClusterRecord } from './records.ts'
import { accessEntries } from './tables.ts'

/** A user as Kubernetes sees it; `groups` without `system:authenticated`, which the API server adds. */
export interface KubernetesUser {
  username: string
  uid: string
  groups: string[]
  extra: Record<string, string[]>
}

/** The data of the ConfigMap `kube-system/aws-auth`. */
export type AwsAuth = Record<string, string>

/**
 * Who a principal is inside a cluster, by access entries first and then `aws-auth`; undefined: nobody, the API server answers 401.
 * Names and extras as aws-iam-authenticator makes them:
 * https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
 */
export function kubernetesUser(
  scope: Scope,
  cluster: ClusterRecord,
  principal: Principal,
  awsAuth?: AwsAuth,
): KubernetesUser | undefined {
  const principalArn = principalArnOf(principal)
  const sessionName = principal.type === 'assumed-role' ? (principal.arn.split('/').at(-1) ?? '') : ''
  const identity = {
    uid: `aws-iam-authenticator:${principal.accountId}:${principal.userId.split(':')[0]}`,
    extra: {
      accessKeyId: [principal.accessKeyId ?? ''],
      arn: [principal.arn],
      canonicalArn: [principalArn],
      principalId: [principal.userId.split(':')[0]!],
      sessionName: [sessionName],
    },
  }
  const named = (username: string, groups: string[]): KubernetesUser => ({
    username: username
      .replaceAll('{{SessionName}}', sessionName.replaceAll('@', '-'))
      .replaceAll('{{SessionNameRaw}}', sessionName)
      .replaceAll('{{AccountID}}', principal.accountId)
      .replaceAll(
        '{{EC2PrivateDNSName}}',
        tables.instances.find(scope, sessionName)?.privateDnsName ?? sessionName,
      ),
    groups,
    ...identity,
  })
  if (cluster.authenticationMode !== 'CONFIG_MAP') {
    const entry = accessEntries.find(scope, cluster.name, principalArn)
    if (entry) return named(entry.username, entry.kubernetesGroups)
  }
  if (cluster.authenticationMode === 'API') return undefined
  if (
    cluster.authenticationMode === 'CONFIG_MAP' &&
    cluster.bootstrapCreatorAdmin &&
    principalArn === cluster.creatorArn
  ) {
    return named('kubernetes-admin', ['system:masters'])
  }
  const mapping = awsAuthMapping(awsAuth, principal, principalArn)
  return mapping && named(mapping.username ?? principal.arn, mapping.groups ?? [])
}

interface Mapping {
  rolearn?: string
  userarn?: string
  username?: string
  groups?: string[]
}

/** `aws-auth` names a role without its path. */
function pathless(principalArn: string): string {
  const { kind, name } = principalParts(principalArn)
  return `arn:aws:iam::${principalArn.split(':')[4]}:${kind}/${name}`
}

const isSame = (arn: string | undefined, principalArn: string) =>
  [pathless(principalArn), principalArn].some((known) => known.toLowerCase() === arn?.toLowerCase())

/** What `aws-auth` makes of a role. */
export const roleMapping = (awsAuth: AwsAuth | undefined, roleArn: string): Mapping | undefined =>
  mappings(awsAuth?.mapRoles).find(({ rolearn }) => isSame(rolearn, roleArn))

function awsAuthMapping(awsAuth: AwsAuth | undefined, principal: Principal, principalArn: string) {
  if (principalParts(principalArn).kind === 'role') return roleMapping(awsAuth, principalArn)
  const user = mappings(awsAuth?.mapUsers).find(({ userarn }) => isSame(userarn, principalArn))
  if (user) return user
  const accounts = mappings(awsAuth?.mapAccounts) as unknown as string[]
  return accounts.map(String).includes(principal.accountId) ? { username: principal.arn } : undefined
}

/** A broken list maps nobody, as with the real authenticator. */
function mappings(text: string | undefined): Mapping[] {
  try {
    const list = parse(text ?? '') as unknown
    return Array.isArray(list) ? list : []
  } catch {
    return []
  }
}

/** What an access policy is asked about; the names of SubjectAccessReview. */
export interface AccessRequest {
  user: { username: string; extra?: Record<string, string[]> }
  verb: string
  group: string
  resource: string
  subresource: string
  namespace: string
  name: string
  /** For non-resource requests, the URL path. */
  path?: string
}

/**
 * Decides by the access policies of the user's entry (found by `extra.canonicalArn`); undefined is no opinion.
 * EKS asks them beside RBAC and they only ever allow.
 */
export function accessPolicyDecision(
  scope: Scope,
  cluster: ClusterRecord,
  request: AccessRequest,
): { allowed: boolean; reason: string } | undefined {
  const principalArn = request.user.extra?.canonicalArn?.[0]
  if (!principalArn || cluster.authenticationMode === 'CONFIG_MAP') return undefined
  const entry = accessEntries.find(scope, cluster.name, principalArn)
  const policy = entry?.policies.find((candidate) => policyAllows(candidate, request))
  if (!policy) return undefined
  const name = policy.policyArn.slice(POLICY_ARN_PREFIX.length)
  const [binding, where] =
    policy.scope.type === 'cluster' ? ['ClusterRoleBinding', ''] : ['RoleBinding', `/${request.namespace}`]
  return {
    allowed: true,
    reason: `EKS Access Policy: allowed by ${binding} "${principalArn}+${name}${where}" of ClusterRole "${name}" to User "${request.user.extra?.principalId?.[0] ?? request.user.username}"`,
  }
}

function policyAllows(policy: AccessEntryRecord['policies'][number], request: AccessRequest): boolean {
  if (policy.scope.type === 'namespace') {
    const matches = policy.scope.namespaces.some((pattern) =>
      pattern.endsWith('*')
        ? request.namespace.startsWith(pattern.slice(0, -1))
        : request.namespace === pattern,
    )
    if (!matches || request.path !== undefined) return false
  }
  const name = policy.policyArn.slice(POLICY_ARN_PREFIX.length)
  const rules = accessPolicies.find((candidate) => candidate.name === name)?.rules ?? []
  return rules.some((rule) => ruleAllows(rule, request))
}

const includes = (list: string[], value: string) => list.includes('*') || list.includes(value)

function ruleAllows(rule: PolicyRule, request: AccessRequest): boolean {
  if (!includes(rule.verbs, request.verb)) return false
  if (request.path !== undefined) return rule.paths !== undefined && includes(rule.paths, request.path)
  const resource = request.subresource ? `${request.resource}/${request.subresource}` : request.resource
  return includes(rule.groups, request.group) && includes(rule.resources, resource)
}
