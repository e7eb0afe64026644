import { type SdkAccount, trust } from '../sdk-account.ts'

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 's3:Get*', Resource: '*' },
})
export const TAGS = [
  { Key: 'team', Value: 'web' },
  { Key: 'stage', Value: 'test' },
]

/** Two or more of everything that IAM lists. Gives the inputs of the operations that need one. */
export async function furnishIam(account: SdkAccount): Promise<Record<string, object>> {
  const each = account.sendEach.bind(account, 2)
  const send = account.send.bind(account, 'iam')
  const arns = (
    await each('iam', 'CreatePolicy', (n) => ({ PolicyName: `p${n}`, PolicyDocument: POLICY, Tags: TAGS }))
  ).map(({ Policy }) => Policy.Arn as string)
  await send('CreatePolicyVersion', { PolicyArn: arns[0], PolicyDocument: POLICY })
  await each('iam', 'CreateGroup', (n) => ({ GroupName: `g${n}` }))
  await each('iam', 'CreateUser', (n) => ({ UserName: `u${n}`, Tags: TAGS }))
  await each('iam', 'CreateRole', (n) => ({
    RoleName: `r${n}`,
    AssumeRolePolicyDocument: trust('ec2', 'eks', 'eks-fargate-pods', 'pods.eks', 'ssm'),
    Tags: TAGS,
  }))
  await each('iam', 'CreateInstanceProfile', (n) => ({ InstanceProfileName: `i${n}`, Tags: TAGS }))
  for (const n of [0, 1]) {
    await send('AddUserToGroup', { GroupName: 'g0', UserName: `u${n}` })
    if (n === 1) await send('AddUserToGroup', { GroupName: 'g1', UserName: 'u0' })
    await send('CreateAccessKey', { UserName: 'u0' })
    await send('AddRoleToInstanceProfile', { InstanceProfileName: `i${n}`, RoleName: 'r0' })
    for (const [kind, owner] of [
      ['Group', 'g0'],
      ['User', 'u0'],
      ['Role', 'r0'],
    ] as const) {
      await send(`Attach${kind}Policy`, { [`${kind}Name`]: owner, PolicyArn: arns[n] })
      await send(`Put${kind}Policy`, { [`${kind}Name`]: owner, PolicyName: `in${n}`, PolicyDocument: POLICY })
    }
  }
  const { OpenIDConnectProviderArn } = await send('CreateOpenIDConnectProvider', {
    Url: 'https://token.example.com',
    ClientIDList: ['sts.amazonaws.com'],
    ThumbprintList: ['9e99a48a9960b14926bb7f3b02e22da2b0ab7280'],
    Tags: TAGS,
  })
  await send('CreateAccountAlias', { AccountAlias: 'pages' })
  const of = (member: string, value: string) => ({ [member]: value })
  return {
    'iam:GetGroup': of('GroupName', 'g0'),
    'iam:ListAccessKeys': of('UserName', 'u0'),
    'iam:ListAttachedGroupPolicies': of('GroupName', 'g0'),
    'iam:ListAttachedRolePolicies': of('RoleName', 'r0'),
    'iam:ListAttachedUserPolicies': of('UserName', 'u0'),
    'iam:ListEntitiesForPolicy': of('PolicyArn', arns[0]!),
    'iam:ListGroupPolicies': of('GroupName', 'g0'),
    'iam:ListGroupsForUser': of('UserName', 'u0'),
    'iam:ListInstanceProfileTags': of('InstanceProfileName', 'i0'),
    'iam:ListInstanceProfilesForRole': of('RoleName', 'r0'),
    'iam:ListOpenIDConnectProviderTags': { OpenIDConnectProviderArn },
    'iam:ListPolicies': of('Scope', 'Local'),
    'iam:ListPolicyTags': of('PolicyArn', arns[0]!),
    'iam:ListPolicyVersions': of('PolicyArn', arns[0]!),
    'iam:ListRolePolicies': of('RoleName', 'r0'),
    'iam:ListRoleTags': of('RoleName', 'r0'),
    'iam:ListUserPolicies': of('UserName', 'u0'),
    'iam:ListUserTags': of('UserName', 'u0'),
    'iam:SimulateCustomPolicy': { PolicyInputList: [POLICY], ActionNames: ['s3:GetObject', 's3:PutObject'] },
    'iam:SimulatePrincipalPolicy': {
      PolicySourceArn: `arn:aws:iam::${account.id}:user/u0`,
      ActionNames: ['s3:GetObject', 's3:PutObject'],
    },
  }
}
