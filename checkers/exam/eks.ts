import { DescribeNodegroupCommand, EKSClient, ListAssociatedAccessPoliciesCommand } from '@aws-sdk/client-eks'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'
import { drawnNames } from '../lib/names.ts'

const CLUSTER = 'harbor'

export async function access(t: CheckContext): Promise<void> {
  const { person, team } = await drawnNames(t)
  const { Role } = await t.aws(IAMClient).send(new GetRoleCommand({ RoleName: person! }))
  const answer = await unlessMissing(
    t
      .aws(EKSClient)
      .send(new ListAssociatedAccessPoliciesCommand({ clusterName: CLUSTER, principalArn: Role!.Arn! })),
    'ResourceNotFoundException',
  )
  const { associatedAccessPolicies: policies = [] } = t.found(answer, {
    id: 'no-access-entry',
    title: `The cluster knows the role ${person}`,
    expected: `an access entry for ${Role!.Arn}`,
    observed: 'none',
    evidence: `aws eks list-access-entries --cluster-name ${CLUSTER}`,
    cause: 'The role is in IAM, and the cluster does not know it.',
    hint: 'aws eks create-access-entry',
  })
  const evidence = `aws eks list-associated-access-policies --cluster-name ${CLUSTER} --principal-arn ${Role!.Arn}`
  const names = policies.map(({ policyArn }) => policyArn!.split('/').at(-1)!)
  t.expect(names.includes('AmazonEKSViewPolicy'), {
    id: 'entry-without-policy',
    title: 'It may look',
    expected: 'AmazonEKSViewPolicy',
    observed: names.join(', ') || 'no policy',
    evidence,
    cause: 'An entry lets in, and gives no right.',
    hint: 'aws eks associate-access-policy',
  })
  const wide = policies.find(
    ({ policyArn, accessScope }) =>
      !policyArn!.endsWith('/AmazonEKSViewPolicy') ||
      accessScope?.type !== 'namespace' ||
      accessScope.namespaces?.join() !== team,
  )
  t.expect(wide === undefined, {
    id: 'entry-too-wide',
    title: 'Only that, and only there',
    expected: `AmazonEKSViewPolicy for the namespace ${team}`,
    observed: `${wide?.policyArn} for ${wide?.accessScope?.namespaces?.join() || 'the whole cluster'}`,
    evidence,
    cause: 'The scope is the whole cluster, another namespace, or there is a second policy.',
    hint: `--access-scope type=namespace,namespaces=${team}; aws eks disassociate-access-policy takes one away`,
  })
}

export async function nodes(t: CheckContext): Promise<void> {
  const { nodegroup } = await t
    .aws(EKSClient)
    .send(new DescribeNodegroupCommand({ clusterName: CLUSTER, nodegroupName: 'workers' }))
  const { desiredSize, maxSize } = nodegroup?.scalingConfig ?? {}
  const evidence = `aws eks describe-nodegroup --cluster-name ${CLUSTER} --nodegroup-name workers --query nodegroup.scalingConfig`
  t.expect(desiredSize === 3, {
    id: 'workers-other-number',
    title: 'Three nodes are wanted',
    expected: 'desiredSize 3',
    observed: `desiredSize ${desiredSize}`,
    evidence,
    cause: 'maxSize is how many there may be; it starts none.',
    hint: 'aws eks update-nodegroup-config --scaling-config …',
  })
  t.expect(maxSize === 6, {
    id: 'workers-other-most',
    title: 'There may be six',
    expected: 'maxSize 6',
    observed: `maxSize ${maxSize}`,
    evidence,
    cause: 'maxSize was left as it was.',
    hint: 'aws eks update-nodegroup-config --scaling-config …',
  })
}
