import { basename } from 'node:path'
import { GetRoleCommand, IAMClient, ListAttachedRolePoliciesCommand, type Role } from '@aws-sdk/client-iam'
import { type CheckContext, unlessMissing } from '#checks/checker.ts'

export interface WantedRole {
  name: string
  /** Who uses it: `ec2.amazonaws.com`. */
  service: string
  /** AWS-managed policies that are attached, as in their ARNs behind `policy/`: `service-role/AmazonEBSCSIDriverPolicy`. */
  policies: string[]
  /** Who that is, for the learner: "the nodes are EC2 instances". */
  why: string
}

/**
 * A role exists (`no-<name>`), its service may use it (`<name>-not-trusted`), and its policies are attached (`<name>-lacks-policy`);
 * in findings its name is in lower case.
 */
export async function expectRole(
  t: CheckContext,
  { name, service, policies, why }: WantedRole,
): Promise<Role> {
  const iam = t.aws(IAMClient)
  const id = name.toLowerCase()
  const answer = await unlessMissing(
    iam.send(new GetRoleCommand({ RoleName: name })),
    'NoSuchEntityException',
    'NoSuchEntity',
  )
  const role = t.found(answer?.Role, {
    id: `no-${id}`,
    title: `The role ${name} exists`,
    expected: `an IAM role ${name}`,
    observed: 'there is none',
    evidence: `aws iam list-roles --query 'Roles[].RoleName'`,
    cause: 'It was not created yet, or under another name.',
    hint: `aws iam create-role --role-name ${name} --assume-role-policy-document file://…`,
  })
  const trust = decodeURIComponent(role.AssumeRolePolicyDocument ?? '')
  t.expect(trust.includes(service), {
    id: `${id}-not-trusted`,
    title: `${service} may use the role ${name}`,
    expected: `a trust policy with the service ${service}`,
    observed: `trusted: ${[...trust.matchAll(/[a-z0-9.-]+\.amazonaws\.com/g)].join(', ') || 'no service'}`,
    evidence: `aws iam get-role --role-name ${name} --query Role.AssumeRolePolicyDocument`,
    cause: `It has the trust policy of another role; ${why}.`,
    hint: `aws iam update-assume-role-policy --role-name ${name} --policy-document file://…`,
  })
  const { AttachedPolicies = [] } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName: name }))
  const attached = AttachedPolicies.map(({ PolicyName }) => PolicyName!)
  const missing = policies.filter((policy) => !attached.includes(basename(policy)))
  t.expect(missing.length === 0, {
    id: `${id}-lacks-policy`,
    title: `The role ${name} may do its work`,
    expected: policies.map((policy) => basename(policy)).join(', '),
    observed: attached.length > 0 ? attached.join(', ') : 'no policy',
    seen: attached.join(', '),
    evidence: `aws iam list-attached-role-policies --role-name ${name} --query 'AttachedPolicies[].PolicyName'`,
    cause: `Not attached: ${missing.map((policy) => basename(policy)).join(', ')}.`,
    hint: `aws iam attach-role-policy --role-name ${name} --policy-arn arn:aws:iam::aws:policy/${missing[0]}`,
  })
  return role
}
