import {
  DescribeAccessEntryCommand,
  DescribeAddonCommand,
  EKSClient,
  ListAssociatedAccessPoliciesCommand,
  ListPodIdentityAssociationsCommand,
} from '@aws-sdk/client-eks'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AuthorizationV1Api,
  type V1Deployment,
  type V1Namespace,
  type V1ServiceAccount,
} from '@kubernetes/client-node'
import { type CheckContext, defineChecker, unlessMissing } from '#checks/checker.ts'
import { eksCluster, existing } from './lib/cluster.ts'
import { podByToken } from './who-may-do-what/irsa.ts'
import { callsAsRole, NAMESPACE, restart, runningPods, variableOf } from './who-may-do-what/program.ts'

const clusterName = 'harbor'
/** The service account, the role and the Deployment of the step with Pod Identity. */
const UPLOADER = 'uploader'
const MISSING = 'ResourceNotFoundException'

async function roleArn(t: CheckContext, RoleName: string): Promise<string> {
  const answer = await unlessMissing(
    t.aws(IAMClient).send(new GetRoleCommand({ RoleName })),
    'NoSuchEntityException',
    'NoSuchEntity',
  )
  return t.found(answer?.Role?.Arn, {
    id: `no-role-${RoleName}`,
    title: `The IAM role ${RoleName} exists`,
    expected: `a role ${RoleName}`,
    observed: 'there is none',
    evidence: 'aws iam list-roles --query Roles[].RoleName',
    hint: `aws iam create-role --role-name ${RoleName} …`,
  })
}

async function findEntry(t: CheckContext, role: string) {
  const principalArn = await roleArn(t, role)
  const answer = await unlessMissing(
    t.aws(EKSClient).send(new DescribeAccessEntryCommand({ clusterName, principalArn })),
    MISSING,
  )
  return t.found(answer?.accessEntry, {
    id: `no-entry-${role}`,
    title: `The cluster lets the role ${role} in`,
    expected: `an access entry for ${principalArn}`,
    observed: 'none',
    evidence: `aws eks list-access-entries --cluster-name ${clusterName}`,
    cause: 'IAM rights alone open no cluster.',
    hint: `aws eks create-access-entry --cluster-name ${clusterName} --principal-arn ${principalArn}`,
  })
}

async function accessEntry(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const entry = await findEntry(t, 'developer')
  await existing<V1Namespace>(t, cluster, 'v1/Namespace', 'shop', {
    id: 'no-namespace',
    hint: 'kubectl create namespace shop',
  })
  const { associatedAccessPolicies = [] } = await t
    .aws(EKSClient)
    .send(new ListAssociatedAccessPoliciesCommand({ clusterName, principalArn: entry.principalArn }))
  const policy = t.found(associatedAccessPolicies[0], {
    id: 'no-access-policy',
    title: 'The developer has rights',
    expected: 'an associated access policy',
    observed: 'none',
    evidence: `aws eks list-associated-access-policies --cluster-name ${clusterName} --principal-arn ${entry.principalArn}`,
    cause: 'An access entry only says who somebody is.',
    hint: 'aws eks associate-access-policy … AmazonEKSEditPolicy --access-scope type=namespace,namespaces=shop',
  })
  const wide = associatedAccessPolicies.find(({ accessScope }) => accessScope?.type !== 'namespace')
  t.expect(!wide && policy.accessScope?.namespaces?.join() === 'shop', {
    id: 'scope-too-wide',
    title: 'The rights end at the namespace shop',
    expected: 'access scope: namespace shop',
    observed: wide ? 'the whole cluster' : policy.accessScope?.namespaces?.join(', '),
    evidence: `aws eks list-associated-access-policies --cluster-name ${clusterName} --principal-arn ${entry.principalArn}`,
    cause: 'With type=cluster the policy holds in every namespace, kube-system too.',
    hint: 'Associate it again with --access-scope type=namespace,namespaces=shop: that replaces the scope.',
  })
}

async function byGroup(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const entry = await findEntry(t, 'auditor')
  t.expect(entry.kubernetesGroups?.includes('auditors') ?? false, {
    id: 'no-group',
    title: 'The auditor is in the group auditors',
    expected: 'kubernetesGroups auditors',
    observed: entry.kubernetesGroups?.join(', ') || 'no group',
    evidence: `aws eks describe-access-entry --cluster-name ${clusterName} --principal-arn ${entry.principalArn}`,
    hint: `aws eks update-access-entry --cluster-name ${clusterName} --principal-arn ${entry.principalArn} --kubernetes-groups auditors`,
  })
  const may = async (verb: string, resource: string) => {
    const body = {
      spec: {
        user: 'somebody',
        groups: ['auditors'],
        resourceAttributes: { verb, resource, namespace: 'default' },
      },
    }
    const { status } = await cluster.config
      .makeApiClient(AuthorizationV1Api)
      .createSubjectAccessReview({ body })
    return status?.allowed ?? false
  }
  const evidence = 'kubectl auth can-i --list --as=somebody --as-group=auditors'
  t.expect(await may('list', 'pods'), {
    id: 'auditors-may-nothing',
    title: 'Auditors may list pods',
    expected: 'yes',
    observed: 'no',
    evidence,
    cause: 'A group without a binding has no rights.',
    hint: 'kubectl create clusterrolebinding auditors --clusterrole=view --group=auditors',
  })
  t.expect(!(await may('delete', 'pods')) && !(await may('list', 'secrets')), {
    id: 'auditors-may-too-much',
    title: 'Auditors only look, and not at Secrets',
    expected: 'no right to delete pods or to list Secrets',
    observed: 'one of them is allowed',
    evidence,
    cause: 'They are bound to a wider role than view.',
    hint: 'kubectl get clusterrolebindings -o wide | grep auditors',
  })
}

async function podIdentity(t: CheckContext): Promise<void> {
  const cluster = await eksCluster(t)
  const role = await roleArn(t, UPLOADER)
  await existing<V1ServiceAccount>(t, cluster, 'v1/ServiceAccount', UPLOADER, {
    id: 'no-service-account',
    namespace: NAMESPACE,
    hint: 'kubectl create serviceaccount uploader -n shop',
  })
  const { associations = [] } = await t
    .aws(EKSClient)
    .send(
      new ListPodIdentityAssociationsCommand({ clusterName, namespace: NAMESPACE, serviceAccount: UPLOADER }),
    )
  t.expect(associations.length > 0, {
    id: 'no-association',
    title: 'The service account has the role',
    expected: `an association of shop/uploader with ${role}`,
    observed: 'none',
    evidence: `aws eks list-pod-identity-associations --cluster-name ${clusterName}`,
    cause: 'Role and service account do not know each other yet.',
    hint: `aws eks create-pod-identity-association --cluster-name ${clusterName} --namespace shop --service-account uploader --role-arn ${role}`,
  })
  const addon = await unlessMissing(
    t.aws(EKSClient).send(new DescribeAddonCommand({ clusterName, addonName: 'eks-pod-identity-agent' })),
    MISSING,
  )
  const status = addon?.addon?.status
  t.expect(status === 'ACTIVE' || status === 'CREATING', {
    id: 'no-agent',
    title: 'The agent that hands out the keys is installed',
    expected: 'the add-on eks-pod-identity-agent',
    observed: status ?? 'not installed',
    evidence: `aws eks list-addons --cluster-name ${clusterName}`,
    cause: 'Without the agent on the node, nobody answers the pod.',
    hint: `aws eks create-addon --cluster-name ${clusterName} --addon-name eks-pod-identity-agent`,
  })
  await existing<V1Deployment>(t, cluster, 'apps/v1/Deployment', UPLOADER, {
    id: 'no-deployment',
    namespace: NAMESPACE,
    hint: 'kubectl apply -f uploader.yaml',
  })
  const running = await runningPods(t, cluster, UPLOADER)
  const AGENT = 'AWS_CONTAINER_CREDENTIALS_FULL_URI'
  const old = running.filter((pod) => !variableOf(pod, AGENT))
  t.expect(old.length === 0, {
    id: 'pod-without-identity',
    title: 'The pods were made after the association',
    expected: `${AGENT} in each pod`,
    observed: `not in ${old.map(({ metadata }) => metadata!.name).join(', ')}`,
    evidence: `kubectl exec deployment/${UPLOADER} -n ${NAMESPACE} -- printenv ${AGENT}`,
    cause:
      'EKS puts the address of the agent into a pod when the pod is created. A pod that runs already stays as it is.',
    hint: restart(UPLOADER),
  })
  await callsAsRole(t, cluster, running, { script: '/etc/uploader/whoami.sh', role: UPLOADER })
}

export default defineChecker({
  lab: 'who-may-do-what',
  steps: { 'access-entry': accessEntry, 'by-group': byGroup, 'pod-identity': podIdentity, irsa: podByToken },
})
