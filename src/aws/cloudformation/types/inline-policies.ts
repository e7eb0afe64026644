import { documentText, type ResourceType } from './type.ts'

/** A policy of one role, user or group, apart from whom it belongs to: `AWS::IAM::RolePolicy` and its like. */
const inlinePolicy = (holder: 'Role' | 'User' | 'Group'): ResourceType => ({
  name: `AWS::IAM::${holder}Policy`,
  properties: `${holder}Name!* PolicyName!* PolicyDocument`,
  async create(call, p) {
    await call('iam', `Put${holder}Policy`, { ...p, PolicyDocument: documentText(p.PolicyDocument) })
    return `${p.PolicyName}|${p[`${holder}Name`]}`
  },
  update: (call, _, p) =>
    call('iam', `Put${holder}Policy`, { ...p, PolicyDocument: documentText(p.PolicyDocument) }),
  remove: (call, _, p) =>
    call('iam', `Delete${holder}Policy`, { [`${holder}Name`]: p[`${holder}Name`], PolicyName: p.PolicyName }),
})

const membership: ResourceType = {
  name: 'AWS::IAM::UserToGroupAddition',
  properties: 'GroupName!* Users!',
  async create(call, { GroupName, Users }, order) {
    for (const UserName of Users as string[]) await call('iam', 'AddUserToGroup', { GroupName, UserName })
    return order.name(128)
  },
  async update(call, _, { GroupName, Users }, before) {
    const [now, had] = [Users as string[], before.Users as string[]]
    for (const UserName of now.filter((user) => !had.includes(user)))
      await call('iam', 'AddUserToGroup', { GroupName, UserName })
    for (const UserName of had.filter((user) => !now.includes(user)))
      await call('iam', 'RemoveUserFromGroup', { GroupName, UserName })
  },
  async remove(call, _, { GroupName, Users }) {
    for (const UserName of Users as string[])
      await call('iam', 'RemoveUserFromGroup', { GroupName, UserName })
  },
}

export const inlinePolicyTypes = [
  inlinePolicy('Role'),
  inlinePolicy('User'),
  inlinePolicy('Group'),
  membership,
]
