import type * as sdk from '@aws-sdk/client-iam'
import type { Handler } from '../wire/service.ts'
import { alreadyExists, noSuchEntity } from './errors.ts'
import { accountOf, entitiesOf } from './find.ts'
import { QUOTAS } from './quotas.ts'

export const accountHandlers: Record<string, Handler> = {
  GetAccountSummary: (_input: unknown, context) => {
    const entities = entitiesOf(context)
    const policies = entities.list('policy')
    const SummaryMap: Record<string, number> = {
      Users: entities.list('user').length,
      UsersQuota: QUOTAS.Users,
      Groups: entities.list('group').length,
      GroupsQuota: QUOTAS.Groups,
      Roles: entities.list('role').length,
      RolesQuota: QUOTAS.Roles,
      InstanceProfiles: entities.list('instance-profile').length,
      InstanceProfilesQuota: QUOTAS.InstanceProfiles,
      Policies: policies.length,
      PoliciesQuota: QUOTAS.Policies,
      PolicySizeQuota: QUOTAS.PolicySize,
      PolicyVersionsInUse: policies.reduce((sum, { versions }) => sum + versions.length, 0),
      PolicyVersionsInUseQuota: 10_000,
      VersionsPerPolicyQuota: QUOTAS.VersionsPerPolicy,
      Providers: entities.list('oidc-provider').length,
      ServerCertificates: 0,
      ServerCertificatesQuota: QUOTAS.ServerCertificates,
      MFADevices: 0,
      MFADevicesInUse: 0,
      AccountMFAEnabled: 0,
      AccountAccessKeysPresent: 0,
      AccountSigningCertificatesPresent: 0,
      AccountPasswordPresent: 1,
      AccessKeysPerUserQuota: QUOTAS.AccessKeysPerUser,
      AttachedPoliciesPerGroupQuota: QUOTAS.AttachedPoliciesPerGroup,
      AttachedPoliciesPerRoleQuota: QUOTAS.AttachedPoliciesPerRole,
      AttachedPoliciesPerUserQuota: QUOTAS.AttachedPoliciesPerUser,
      AssumeRolePolicySizeQuota: 2048,
      GroupPolicySizeQuota: QUOTAS.GroupPolicySize,
      GroupsPerUserQuota: QUOTAS.GroupsPerUser,
      RolePolicySizeQuota: QUOTAS.RolePolicySize,
      SigningCertificatesPerUserQuota: 2,
      UserPolicySizeQuota: QUOTAS.UserPolicySize,
      GlobalEndpointTokenVersion: 1,
    }
    return { SummaryMap }
  },

  CreateAccountAlias: (input: sdk.CreateAccountAliasCommandInput, context) => {
    const entities = entitiesOf(context)
    const account = accountOf(context)
    if (account.alias === input.AccountAlias)
      throw alreadyExists(`The account alias ${input.AccountAlias} already exists.`)
    entities.put('account', account.id, { ...account, alias: input.AccountAlias! })
  },

  DeleteAccountAlias: (input: sdk.DeleteAccountAliasCommandInput, context) => {
    const entities = entitiesOf(context)
    const account = entities.get('account', context.accountId)
    if (account?.alias === undefined || account.alias !== input.AccountAlias)
      throw noSuchEntity(`The account alias with name ${input.AccountAlias} cannot be found.`)
    const { alias: _dropped, ...rest } = account
    entities.put('account', account.id, rest)
  },

  ListAccountAliases: (_input: unknown, context) => {
    const alias = entitiesOf(context).get('account', context.accountId)?.alias
    return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false }
  },

  ListMFADevices: () => ({ MFADevices: [], IsTruncated: false }),
  ListVirtualMFADevices: () => ({ VirtualMFADevices: [], IsTruncated: false }),
  ListSAMLProviders: () => ({ SAMLProviderList: [] }),
  ListServerCertificates: () => ({ ServerCertificateMetadataList: [], IsTruncated: false }),
  ListSigningCertificates: () => ({ Certificates: [], IsTruncated: false }),
  ListSSHPublicKeys: () => ({ SSHPublicKeys: [], IsTruncated: false }),
  ListServiceSpecificCredentials: () => ({ ServiceSpecificCredentials: [] }),
}
