import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks'
import {
  GetRoleCommand,
  IAMClient,
  ListOpenIDConnectProvidersCommand,
  type Role,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam'
import type { V1Deployment, V1ServiceAccount } from '@kubernetes/client-node'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { type Cluster, eksCluster, existing } from '../lib/cluster.ts'
import { subjectsOf, tooWide, webIdentityTrust } from '../lib/web-identity.ts'
import { callsAsRole, NAMESPACE, restart, runningPods, variableOf } from './program.ts'

const ACCOUNT = 'prices'
const SUBJECT = `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`
const ROLE_ANNOTATION = 'eks.amazonaws.com/role-arn'
const STS = 'sts.amazonaws.com'

/** A pod calls AWS with a role that its service account's token opens. */
export async function podByToken(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const apply = 'kubectl apply -f prices.yaml'
  const account = await existing<V1ServiceAccount>(t, cluster, 'v1/ServiceAccount', ACCOUNT, {
    id: 'no-service-account',
    namespace: NAMESPACE,
    hint: apply,
  })
  await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', ACCOUNT, {
    id: 'no-deployment',
    namespace: NAMESPACE,
    hint: apply,
  })
  const provider = await findProvider(t)
  const role = await annotatedRole(t, account)
  trustsTheAccount(t, role, provider)
  await mayReadOnly(t, role)
  await podHasRole(t, cluster, role)
}

async function findProvider(t: CheckContext): Promise<string> {
  const { cluster } = await t.aws(EKSClient).send(new DescribeClusterCommand({ name: 'harbor' }))
  const issuer = cluster?.identity?.oidc?.issuer ?? ''
  const { OpenIDConnectProviderList = [] } = await t
    .aws(IAMClient)
    .send(new ListOpenIDConnectProvidersCommand({}))
  const end = `:oidc-provider/${issuer.replace('https://', '')}`
  return t.found(OpenIDConnectProviderList.find(({ Arn }) => Arn?.endsWith(end))?.Arn, {
    id: 'no-provider',
    title: 'IAM knows who signs the tokens of the cluster',
    expected: `an OIDC provider for ${issuer}`,
    observed:
      OpenIDConnectProviderList.length > 0
        ? `only ${OpenIDConnectProviderList.map(({ Arn }) => Arn).join(', ')}`
        : 'no OIDC provider',
    evidence: 'aws iam list-open-id-connect-providers',
    cause:
      'Each EKS cluster has an issuer of its own from the start. IAM trusts none of them until you say so.',
    hint: `aws iam create-open-id-connect-provider --url ${issuer} --client-id-list ${STS}`,
  })
}

async function annotatedRole(t: CheckContext, { metadata }: V1ServiceAccount): Promise<Role> {
  const arn = t.found(metadata?.annotations?.[ROLE_ANNOTATION], {
    id: 'no-annotation',
    title: 'The service account names its role',
    expected: `the annotation ${ROLE_ANNOTATION} on ${NAMESPACE}/${ACCOUNT}`,
    observed: 'no such annotation',
    evidence: `kubectl get serviceaccount ${ACCOUNT} -n ${NAMESPACE} -o yaml`,
    cause:
      'The role names the service account, but the service account does not name the role yet. Both are needed.',
    hint: `kubectl annotate serviceaccount ${ACCOUNT} -n ${NAMESPACE} ${ROLE_ANNOTATION}=…`,
  })
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const answer = await unlessMissing(
    t.aws(IAMClient).send(new GetRoleCommand({ RoleName: name })),
    'NoSuchEntityException',
    'NoSuchEntity',
    'ValidationError',
  )
  return t.found(answer?.Role?.Arn === arn ? answer.Role : undefined, {
    id: 'no-role',
    title: 'The role of the annotation exists',
    expected: `a role ${arn}`,
    observed: answer?.Role?.Arn ?? 'there is none',
    evidence: `aws iam list-roles --query 'Roles[].Arn'`,
    cause: 'Nobody checks the annotation when you write it. A wrong ARN is found by the pod alone.',
    hint: `kubectl annotate serviceaccount ${ACCOUNT} -n ${NAMESPACE} --overwrite ${ROLE_ANNOTATION}=$(aws iam get-role --role-name … --query Role.Arn --output text)`,
  })
}

function trustsTheAccount(
  t: CheckContext,
  { RoleName, AssumeRolePolicyDocument }: Role,
  provider: string,
): void {
  const evidence = `aws iam get-role --role-name ${RoleName} --query Role.AssumeRolePolicyDocument`
  const hint = `aws iam update-assume-role-policy --role-name ${RoleName} --policy-document file://irsa-trust.json`
  const trust = webIdentityTrust(AssumeRolePolicyDocument).filter(({ providers }) =>
    providers.includes(provider),
  )
  t.expect(trust.length > 0, {
    id: 'provider-not-trusted',
    title: 'The role trusts tokens of this cluster',
    expected: `sts:AssumeRoleWithWebIdentity for ${provider}`,
    observed: 'no statement that allows it',
    evidence,
    cause: 'The trust policy is of another kind of role, or it names the provider of another cluster.',
    hint,
  })
  const subjects = subjectsOf(trust)
  const wide = tooWide(subjects)
  t.expect(wide.length === 0, {
    id: 'trusts-too-many',
    title: 'Only named service accounts may use the role',
    expected: `${SUBJECT} as the condition on …:sub, without wildcards`,
    observed: wide.map((subject) => subject ?? 'no condition on …:sub').join(', '),
    evidence,
    cause: 'Every pod of the cluster could take this role, also one of another team.',
    hint: `"…:sub": "${SUBJECT}" under StringEquals.`,
  })
  t.expect(subjects.includes(SUBJECT), {
    id: 'other-subject',
    title: `The role trusts the service account ${NAMESPACE}/${ACCOUNT}`,
    expected: SUBJECT,
    observed: subjects.join(', '),
    evidence,
    cause: 'STS compares letter by letter: namespace and name must be those of the pod.',
    hint,
  })
  t.expect(
    trust.every(({ audiences }) => audiences.length === 1 && audiences[0] === STS),
    {
      id: 'no-audience',
      title: 'The role takes only tokens that are made for STS',
      expected: `${STS} as the condition on …:aud`,
      observed: trust.map(({ audiences }) => audiences.join(', ') || 'no condition on …:aud').join('; '),
      evidence,
      cause: 'A pod may have tokens for other services too. Whoever gets one of those could use it here.',
      hint: `"…:aud": "${STS}" under StringEquals.`,
    },
  )
}

async function mayReadOnly(t: CheckContext, { Arn, RoleName }: Role): Promise<void> {
  const parameter = `arn:aws:ssm:${await t.region()}:${Arn!.split(':')[4]}:parameter/shop/currency`
  const { EvaluationResults = [] } = await t.aws(IAMClient).send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: Arn,
      ActionNames: ['ssm:GetParameter', 'ssm:DeleteParameter'],
      ResourceArns: [parameter],
    }),
  )
  const may = (action: string) =>
    EvaluationResults.find(({ EvalActionName }) => EvalActionName === action)?.EvalDecision === 'allowed'
  const evidence = `aws iam simulate-principal-policy --policy-source-arn ${Arn} --action-names ssm:GetParameter ssm:DeleteParameter --resource-arns ${parameter} --query 'EvaluationResults[].[EvalActionName,EvalDecision]'`
  t.expect(may('ssm:GetParameter'), {
    id: 'role-may-not-read',
    title: 'The role may read the parameter',
    expected: 'ssm:GetParameter on /shop/currency allowed',
    observed: 'not allowed',
    evidence,
    cause:
      'The trust policy says who may use the role. What the role may do stands in its other policies, and they do not allow this.',
    hint: `aws iam put-role-policy --role-name ${RoleName} --policy-name read-currency --policy-document file://read-currency.json`,
  })
  t.expect(!may('ssm:DeleteParameter'), {
    id: 'role-may-too-much',
    title: 'The role may no more than read',
    expected: 'ssm:DeleteParameter on /shop/currency not allowed',
    observed: 'allowed',
    evidence,
    cause: 'The program only reads. Whoever breaks into it gets all that its role may do.',
    hint: `aws iam list-attached-role-policies --role-name ${RoleName}; aws iam list-role-policies --role-name ${RoleName}`,
  })
}

async function podHasRole(t: CheckContext, cluster: Cluster, { Arn, RoleName }: Role): Promise<void> {
  const running = await runningPods(t, cluster, ACCOUNT)
  const old = running.filter((pod) => variableOf(pod, 'AWS_ROLE_ARN') !== Arn)
  t.expect(old.length === 0, {
    id: 'pod-without-role',
    title: 'The pods were made after the annotation',
    expected: `AWS_ROLE_ARN=${Arn} in each pod`,
    observed: old
      .map((pod) => `${pod.metadata!.name}: ${variableOf(pod, 'AWS_ROLE_ARN') ?? 'no AWS_ROLE_ARN'}`)
      .join(', '),
    evidence: `kubectl exec deployment/${ACCOUNT} -n ${NAMESPACE} -- printenv AWS_ROLE_ARN`,
    cause: old.some((pod) => variableOf(pod, 'AWS_CONTAINER_CREDENTIALS_FULL_URI'))
      ? 'The service account has a Pod Identity association too, and that goes first.'
      : 'EKS puts role and token into a pod when the pod is created. A pod that runs already stays as it is.',
    hint: restart(ACCOUNT),
  })
  await callsAsRole(t, cluster, running, { script: '/etc/prices/read.sh', role: RoleName! })
}
