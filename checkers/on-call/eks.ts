import { DescribeAccessEntryCommand, EKSClient } from '@aws-sdk/client-eks'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import type { V1Node } from '@kubernetes/client-node'
import { unlessMissing } from '#checks/checker.ts'
import { isReady } from '../lib/cluster.ts'
import { subjectsOf, tooWide, webIdentityTrust } from '../lib/web-identity.ts'
import { drill, mend, PROD, unreplaced } from './drill.ts'

const NODE_ROLE = 'harbor-batch-role'

export const nodeAccess = drill(async (t, cluster) => {
  const role = t.found(
    (
      await unlessMissing(
        t.aws(IAMClient).send(new GetRoleCommand({ RoleName: NODE_ROLE })),
        'NoSuchEntity',
        'NoSuchEntityException',
      )
    )?.Role?.Arn,
    {
      id: 'no-node-role',
      title: `The role ${NODE_ROLE} of the node group batch is there`,
      expected: `a role ${NODE_ROLE}`,
      observed: 'it is gone',
      evidence: 'aws iam list-roles --query Roles[].RoleName',
      cause: 'It was there when the night began.',
      hint: 'Take “Back to where it began” in the lab.',
    },
  )
  const answer = await unlessMissing(
    t.aws(EKSClient).send(new DescribeAccessEntryCommand({ clusterName: 'harbor', principalArn: role })),
    'ResourceNotFoundException',
  )
  const type = answer?.accessEntry?.type
  t.expect(type === undefined || type === 'EC2_LINUX', {
    id: 'entry-not-for-nodes',
    title: 'The access entry is one for nodes',
    expected: 'an entry of the type EC2_LINUX, or none and a line in aws-auth',
    observed: `type ${type}`,
    evidence: `aws eks describe-access-entry --cluster-name harbor --principal-arn ${role} --query accessEntry.type`,
    cause:
      'Only the types for nodes bring the group system:nodes. A STANDARD entry is for people and programs, and its type cannot be changed.',
    hint: 'Delete the entry, and create it again with --type EC2_LINUX.',
  })
  const nodes = await cluster.list<V1Node>('v1/Node', undefined, 'pool=batch')
  const lost = nodes.filter((node) => !isReady(node)).map(({ metadata }) => metadata!.name)
  t.expect(nodes.length > 0 && lost.length === 0, {
    id: 'batch-node-not-ready',
    title: 'The node of the group batch is Ready',
    expected: 'all nodes with pool=batch Ready',
    observed: lost.length > 0 ? `NotReady: ${lost.join(', ')}` : 'no node of the group',
    seen: `${lost.length} of ${nodes.length} not Ready`,
    evidence: 'kubectl get nodes -L pool; aws eks list-access-entries --cluster-name harbor',
    cause: type
      ? 'The kubelet has not reached the API server since. It tries again every few seconds.'
      : 'The kubelet signs in with the role of its node, and the cluster has no access entry for that role. New nodes of this role cannot join either.',
    hint: `Which role has the node group (aws eks describe-nodegroup), and which roles may come in?`,
  })
  const reports = await mend(t, cluster, 'reports')
  t.expect(reports.spec?.template.spec?.nodeSelector?.pool === 'batch', {
    id: 'reports-moved',
    title: 'reports runs on the nodes that were made for it',
    expected: 'nodeSelector pool=batch',
    observed: JSON.stringify(reports.spec?.template.spec?.nodeSelector ?? {}),
    evidence: `kubectl get deployment reports -n ${PROD} -o jsonpath='{.spec.template.spec.nodeSelector}'`,
    cause: 'It was moved away from the broken node instead.',
    hint: `kubectl rollout undo deployment/reports -n ${PROD}`,
  })
})

export const podRole = drill(async (t, cluster) => {
  const { Role } = await t.aws(IAMClient).send(new GetRoleCommand({ RoleName: 'invoices' }))
  const wide = tooWide(subjectsOf(webIdentityTrust(Role?.AssumeRolePolicyDocument)))
  t.expect(wide.length === 0, {
    id: 'invoices-trusts-too-many',
    title: 'Only named service accounts may use the role invoices',
    expected: 'a condition on …:sub without wildcards in each statement',
    observed: wide.map((subject) => subject ?? 'no condition on :sub').join(', '),
    evidence: 'aws iam get-role --role-name invoices --query Role.AssumeRolePolicyDocument',
    cause: 'Every pod of the cluster could take this role, also one of another team.',
    hint: '"…:sub": "system:serviceaccount:<namespace>:<name>" under StringEquals.',
  })
  await unreplaced(
    t,
    cluster,
    'invoices',
    'invoices-replaced',
    (command) => command === 'sh /etc/invoices/invoices.sh',
  )
  await mend(t, cluster, 'invoices')
})
