import type { Properties } from '../records.ts'
import { type Calls, changed, documentText, type ResourceType } from './type.ts'

const iam = (call: Calls, operation: string, input: Record<string, unknown>) => call('iam', operation, input)

interface Inline {
  PolicyName: string
  PolicyDocument: unknown
}

type Holder = 'Role' | 'User' | 'Group'

const list = <T>(p: Properties, name: string) => (p[name] ?? []) as T[]

/** Brings the managed and inline policies of a role, user or group in line. */
async function setPolicies(call: Calls, holder: Holder, name: string, now: Properties, before: Properties) {
  const who = { [`${holder}Name`]: name }
  const arns = list<string>(now, 'ManagedPolicyArns')
  const had = list<string>(before, 'ManagedPolicyArns')
  for (const PolicyArn of had.filter((arn) => !arns.includes(arn)))
    await iam(call, `Detach${holder}Policy`, { ...who, PolicyArn })
  for (const PolicyArn of arns.filter((arn) => !had.includes(arn)))
    await iam(call, `Attach${holder}Policy`, { ...who, PolicyArn })
  const inline = list<Inline>(now, 'Policies')
  for (const { PolicyName } of list<Inline>(before, 'Policies'))
    if (!inline.some((one) => one.PolicyName === PolicyName))
      await iam(call, `Delete${holder}Policy`, { ...who, PolicyName })
  for (const { PolicyName, PolicyDocument } of inline)
    await iam(call, `Put${holder}Policy`, {
      ...who,
      PolicyName,
      PolicyDocument: documentText(PolicyDocument),
    })
}

const role: ResourceType = {
  name: 'AWS::IAM::Role',
  properties:
    'AssumeRolePolicyDocument! RoleName* Path* Description ManagedPolicyArns Policies MaxSessionDuration PermissionsBoundary Tags',
  async create(call, p, order) {
    const RoleName = String(p.RoleName ?? order.name(64))
    const { Path, Description, MaxSessionDuration, PermissionsBoundary } = p
    await iam(call, 'CreateRole', {
      RoleName,
      Path,
      Description,
      MaxSessionDuration,
      PermissionsBoundary,
      AssumeRolePolicyDocument: documentText(p.AssumeRolePolicyDocument),
      Tags: order.ownTags,
    })
    await setPolicies(call, 'Role', RoleName, p, {})
    return RoleName
  },
  async read(call, RoleName) {
    const { Role } = await iam(call, 'GetRole', { RoleName })
    return { state: 'ready', attributes: { Arn: Role.Arn, RoleId: Role.RoleId } }
  },
  async update(call, RoleName, p, before, order) {
    if (changed('AssumeRolePolicyDocument', p, before))
      await iam(call, 'UpdateAssumeRolePolicy', {
        RoleName,
        PolicyDocument: documentText(p.AssumeRolePolicyDocument),
      })
    if (changed('Description', p, before) || changed('MaxSessionDuration', p, before)) {
      const { Description, MaxSessionDuration } = p
      await iam(call, 'UpdateRole', { RoleName, Description, MaxSessionDuration })
    }
    await setPolicies(call, 'Role', RoleName, p, before)
    if (changed('Tags', p, before)) await iam(call, 'TagRole', { RoleName, Tags: order.ownTags })
  },
  async remove(call, RoleName, p) {
    await setPolicies(call, 'Role', RoleName, {}, p)
    await iam(call, 'DeleteRole', { RoleName })
  },
}

const user: ResourceType = {
  name: 'AWS::IAM::User',
  properties: 'UserName* Path* Groups ManagedPolicyArns Policies PermissionsBoundary Tags',
  async create(call, p, order) {
    const UserName = String(p.UserName ?? order.name(64))
    const { Path, PermissionsBoundary } = p
    await iam(call, 'CreateUser', { UserName, Path, PermissionsBoundary, Tags: order.ownTags })
    for (const GroupName of list(p, 'Groups')) await iam(call, 'AddUserToGroup', { UserName, GroupName })
    await setPolicies(call, 'User', UserName, p, {})
    return UserName
  },
  async read(call, UserName) {
    const { User } = await iam(call, 'GetUser', { UserName })
    return { state: 'ready', attributes: { Arn: User.Arn } }
  },
  async update(call, UserName, p, before) {
    const [now, had] = [list(p, 'Groups'), list(before, 'Groups')]
    for (const GroupName of had.filter((one) => !now.includes(one)))
      await iam(call, 'RemoveUserFromGroup', { UserName, GroupName })
    for (const GroupName of now.filter((one) => !had.includes(one)))
      await iam(call, 'AddUserToGroup', { UserName, GroupName })
    await setPolicies(call, 'User', UserName, p, before)
  },
  async remove(call, UserName, p) {
    for (const GroupName of list(p, 'Groups')) await iam(call, 'RemoveUserFromGroup', { UserName, GroupName })
    await setPolicies(call, 'User', UserName, {}, p)
    await iam(call, 'DeleteUser', { UserName })
  },
}

const group: ResourceType = {
  name: 'AWS::IAM::Group',
  properties: 'GroupName* Path* ManagedPolicyArns Policies',
  async create(call, p, order) {
    const GroupName = String(p.GroupName ?? order.name(128))
    await iam(call, 'CreateGroup', { GroupName, Path: p.Path })
    await setPolicies(call, 'Group', GroupName, p, {})
    return GroupName
  },
  async read(call, GroupName) {
    const { Group } = await iam(call, 'GetGroup', { GroupName })
    return { state: 'ready', attributes: { Arn: Group.Arn } }
  },
  update: (call, GroupName, p, before) => setPolicies(call, 'Group', GroupName, p, before),
  async remove(call, GroupName, p) {
    await setPolicies(call, 'Group', GroupName, {}, p)
    await iam(call, 'DeleteGroup', { GroupName })
  },
}

const instanceProfile: ResourceType = {
  name: 'AWS::IAM::InstanceProfile',
  properties: 'Roles! InstanceProfileName* Path*',
  async create(call, p, order) {
    const InstanceProfileName = String(p.InstanceProfileName ?? order.name(128))
    await iam(call, 'CreateInstanceProfile', { InstanceProfileName, Path: p.Path })
    for (const RoleName of list(p, 'Roles'))
      await iam(call, 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName })
    return InstanceProfileName
  },
  async read(call, InstanceProfileName) {
    const { InstanceProfile } = await iam(call, 'GetInstanceProfile', { InstanceProfileName })
    return { state: 'ready', attributes: { Arn: InstanceProfile.Arn } }
  },
  async update(call, InstanceProfileName, p, before) {
    for (const RoleName of list(before, 'Roles'))
      await iam(call, 'RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName })
    for (const RoleName of list(p, 'Roles'))
      await iam(call, 'AddRoleToInstanceProfile', { InstanceProfileName, RoleName })
  },
  async remove(call, InstanceProfileName, p) {
    for (const RoleName of list(p, 'Roles'))
      await iam(call, 'RemoveRoleFromInstanceProfile', { InstanceProfileName, RoleName })
    await iam(call, 'DeleteInstanceProfile', { InstanceProfileName })
  },
}

/** The roles, users and groups that a policy is for. */
function* holdersOf(p: Properties): Generator<[Holder, string]> {
  for (const holder of ['Role', 'User', 'Group'] as const)
    for (const name of list<string>(p, `${holder}s`)) yield [holder, name]
}

/** An inline policy put into roles, users and groups. */
const policy: ResourceType = {
  name: 'AWS::IAM::Policy',
  properties: 'PolicyName! PolicyDocument! Roles Users Groups',
  async create(call, p, order) {
    await putInline(call, p)
    return order.name(64)
  },
  read: async (_call, id) => ({ state: 'ready', attributes: { Id: id } }),
  async update(call, _, p, before) {
    const kept = new Set([...holdersOf(p)].map(([holder, name]) => `${holder} ${name}`))
    for (const [holder, name] of holdersOf(before))
      if (!kept.has(`${holder} ${name}`) || p.PolicyName !== before.PolicyName)
        await iam(call, `Delete${holder}Policy`, { [`${holder}Name`]: name, PolicyName: before.PolicyName })
    await putInline(call, p)
  },
  async remove(call, _, p) {
    for (const [holder, name] of holdersOf(p))
      await iam(call, `Delete${holder}Policy`, { [`${holder}Name`]: name, PolicyName: p.PolicyName })
  },
}

async function putInline(call: Calls, p: Properties): Promise<void> {
  const { PolicyName } = p
  const PolicyDocument = documentText(p.PolicyDocument)
  for (const [holder, name] of holdersOf(p))
    await iam(call, `Put${holder}Policy`, { [`${holder}Name`]: name, PolicyName, PolicyDocument })
}

const managedPolicy: ResourceType = {
  name: 'AWS::IAM::ManagedPolicy',
  properties: 'PolicyDocument! ManagedPolicyName* Path* Description* Roles Users Groups',
  async create(call, p, order) {
    const { Policy } = await iam(call, 'CreatePolicy', {
      PolicyName: p.ManagedPolicyName ?? order.name(128),
      PolicyDocument: documentText(p.PolicyDocument),
      Path: p.Path,
      Description: p.Description,
    })
    for (const [holder, name] of holdersOf(p))
      await iam(call, `Attach${holder}Policy`, { [`${holder}Name`]: name, PolicyArn: Policy.Arn })
    return Policy.Arn
  },
  async read(call, PolicyArn) {
    const { Policy } = await iam(call, 'GetPolicy', { PolicyArn })
    return { state: 'ready', attributes: { PolicyArn, PolicyId: Policy.PolicyId } }
  },
  async update(call, PolicyArn, p, before) {
    if (changed('PolicyDocument', p, before)) {
      await dropOldVersions(call, PolicyArn, 4)
      await iam(call, 'CreatePolicyVersion', {
        PolicyArn,
        PolicyDocument: documentText(p.PolicyDocument),
        SetAsDefault: true,
      })
    }
    const text = ([holder, name]: [Holder, string]) => `${holder} ${name}`
    const [now, had] = [[...holdersOf(p)], [...holdersOf(before)]]
    for (const one of had.filter((each) => !now.map(text).includes(text(each))))
      await iam(call, `Detach${one[0]}Policy`, { [`${one[0]}Name`]: one[1], PolicyArn })
    for (const one of now.filter((each) => !had.map(text).includes(text(each))))
      await iam(call, `Attach${one[0]}Policy`, { [`${one[0]}Name`]: one[1], PolicyArn })
  },
  async remove(call, PolicyArn, p) {
    for (const [holder, name] of holdersOf(p))
      await iam(call, `Detach${holder}Policy`, { [`${holder}Name`]: name, PolicyArn })
    await dropOldVersions(call, PolicyArn, 1)
    await iam(call, 'DeletePolicy', { PolicyArn })
  },
}

/** A policy has five versions at most. */
async function dropOldVersions(call: Calls, PolicyArn: string, kept: number): Promise<void> {
  const { Versions } = await iam(call, 'ListPolicyVersions', { PolicyArn })
  const others = (Versions as { VersionId: string; IsDefaultVersion: boolean }[]).filter(
    ({ IsDefaultVersion }) => !IsDefaultVersion,
  )
  for (const { VersionId } of others.slice(kept - 1))
    await iam(call, 'DeletePolicyVersion', { PolicyArn, VersionId })
}

const accessKey: ResourceType = {
  name: 'AWS::IAM::AccessKey',
  properties: 'UserName!* Serial* Status',
  async create(call, { UserName }) {
    const { AccessKey } = await iam(call, 'CreateAccessKey', { UserName })
    return { id: AccessKey.AccessKeyId, attributes: { SecretAccessKey: AccessKey.SecretAccessKey } }
  },
  update: (call, AccessKeyId, { UserName, Status = 'Active' }) =>
    iam(call, 'UpdateAccessKey', { UserName, AccessKeyId, Status }),
  remove: (call, AccessKeyId, { UserName }) => iam(call, 'DeleteAccessKey', { UserName, AccessKeyId }),
}

const oidcProvider: ResourceType = {
  name: 'AWS::IAM::OIDCProvider',
  properties: 'Url* ClientIdList ThumbprintList Tags',
  async create(call, p, order) {
    const { OpenIDConnectProviderArn } = await iam(call, 'CreateOpenIDConnectProvider', {
      Url: p.Url,
      ClientIDList: p.ClientIdList,
      ThumbprintList: p.ThumbprintList,
      Tags: order.ownTags,
    })
    return OpenIDConnectProviderArn
  },
  async read(call, Arn) {
    await iam(call, 'GetOpenIDConnectProvider', { OpenIDConnectProviderArn: Arn })
    return { state: 'ready', attributes: { Arn } }
  },
  remove: (call, Arn) => iam(call, 'DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn: Arn }),
}

const linkedRole: ResourceType = {
  name: 'AWS::IAM::ServiceLinkedRole',
  properties: 'AWSServiceName!* CustomSuffix* Description',
  create: async (call, p) => (await iam(call, 'CreateServiceLinkedRole', p)).Role.RoleName,
  remove: (call, RoleName) => iam(call, 'DeleteServiceLinkedRole', { RoleName }),
}

export const iamTypes = [
  role,
  user,
  group,
  instanceProfile,
  policy,
  managedPolicy,
  accessKey,
  oidcProvider,
  linkedRole,
]
