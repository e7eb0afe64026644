import type * as sdk from '@aws-sdk/client-iam'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { accountOf, encodeDocument, entitiesOf, now, policyByArn } from './find.ts'
import { profileOutput } from './instance-profiles.ts'
import { byName, page } from './paging.ts'
import { policyOutput, usage, versionOutput } from './policies.ts'
import type { PolicyRecord, UserRecord } from './records.ts'
import { roleOutput } from './roles.ts'
import { groupOutput, userOutput } from './users.ts'

interface Holder {
  attached: string[]
  inline: Record<string, string>
}

const policiesOf = ({ attached, inline }: Holder, own: 'User' | 'Group' | 'Role') => ({
  AttachedManagedPolicies: attached.map((arn) => ({ PolicyName: arn.split('/').at(-1)!, PolicyArn: arn })),
  ...(Object.keys(inline).length > 0
    ? {
        [`${own}PolicyList`]: Object.entries(inline).map(([PolicyName, document]) => ({
          PolicyName,
          PolicyDocument: encodeDocument(document),
        })),
      }
    : { [`${own}PolicyList`]: [] }),
})

type Detail = { kind: sdk.EntityType; list: string; item: object }

/** Every entity of the account with what it may do, in the order that IAM lists their kinds. */
function details(context: RequestContext): Detail[] {
  const entities = entitiesOf(context)
  const used = usage(context)
  const profiles = entities.list('instance-profile')
  const holders = [...entities.list('user'), ...entities.list('group'), ...entities.list('role')]
  const attached = [...new Set(holders.flatMap((holder) => holder.attached))]
  const aws = attached.filter((arn) => arn.startsWith('arn:aws:iam::aws:'))
  const policyDetail = (policy: PolicyRecord) => ({
    ...policyOutput(policy, used, true),
    PolicyVersionList: policy.versions.map((version) => versionOutput(policy, version, true)),
  })
  return [
    ...byName(entities.list('user')).map((user) => ({
      kind: 'User' as const,
      list: 'UserDetailList',
      item: { ...userOutput(user, true), GroupList: user.groups, ...policiesOf(user, 'User') },
    })),
    ...byName(entities.list('group')).map((group) => ({
      kind: 'Group' as const,
      list: 'GroupDetailList',
      item: { ...groupOutput(group), ...policiesOf(group, 'Group') },
    })),
    ...byName(entities.list('role')).map((role) => ({
      kind: 'Role' as const,
      list: 'RoleDetailList',
      item: {
        ...roleOutput(role, true),
        InstanceProfileList: profiles
          .filter(({ roles }) => roles.includes(role.name))
          .map((profile) => profileOutput(context, profile)),
        ...policiesOf(role, 'Role'),
      },
    })),
    ...byName(entities.list('policy')).map((policy) => ({
      kind: 'LocalManagedPolicy' as const,
      list: 'Policies',
      item: policyDetail(policy),
    })),
    ...aws.flatMap((arn) => {
      const policy = policyByArn(context, arn)
      return policy
        ? [{ kind: 'AWSManagedPolicy' as const, list: 'Policies', item: policyDetail(policy) }]
        : []
    }),
  ]
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html */
const COLUMNS =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated'

const stamp = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, '+00:00')

function keyColumns(context: RequestContext, id: string | undefined): string[] {
  const key = id === undefined ? undefined : entitiesOf(context).accessKey(id)
  return [String(key?.active ?? false), key ? stamp(key.created) : 'N/A', 'N/A', 'N/A', 'N/A']
}

function row(context: RequestContext, { name, arn, created, login, accessKeys }: UserRecord): string {
  const age = accountOf(context).passwordPolicy?.MaxPasswordAge
  return [
    ...[name, arn, stamp(created), String(login !== undefined)],
    ...(login
      ? ['no_information', stamp(login.changed), age ? stamp(login.changed + age * 86_400_000) : 'N/A']
      : ['N/A', 'N/A', 'N/A']),
    'false',
    ...keyColumns(context, accessKeys[0]),
    ...keyColumns(context, accessKeys[1]),
    ...['false', 'N/A', 'false', 'N/A'],
  ].join(',')
}

function rootRow(context: RequestContext): string {
  const none = ['false', 'N/A', 'N/A', 'N/A', 'N/A']
  return [
    ...['<root_account>', `arn:aws:iam::${context.accountId}:root`, stamp(accountOf(context).created)],
    ...['not_supported', 'no_information', 'not_supported', 'not_supported', 'false'],
    ...none,
    ...none,
    ...['false', 'N/A', 'false', 'N/A'],
  ].join(',')
}

/** How long a report is good; ms. */
const REPORT_LASTS = 4 * 3_600_000

export const reportHandlers: Record<string, Handler> = {
  GetAccountAuthorizationDetails: (input: sdk.GetAccountAuthorizationDetailsCommandInput, context) => {
    const wanted = details(context).filter(({ kind }) => !input.Filter?.length || input.Filter.includes(kind))
    const { items, paging } = page(wanted, input)
    const lists = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] }
    const grouped = Map.groupBy(items, ({ list }) => list)
    const found = [...grouped].map(([list, of]) => [list, of.map(({ item }) => item)])
    return { ...lists, ...Object.fromEntries(found), ...paging }
  },

  GenerateCredentialReport: (_input: unknown, context) => {
    const account = accountOf(context)
    const at = account.reportedAt
    if (at !== undefined && now(context) - at < REPORT_LASTS) return { State: 'COMPLETE' }
    const lines = byName(entitiesOf(context).list('user')).map((user) => row(context, user))
    entitiesOf(context).put('account', account.id, {
      ...account,
      reportedAt: now(context),
      report: [COLUMNS, rootRow(context), ...lines].join('\n'),
    })
    return {
      State: 'STARTED',
      Description:
        at === undefined
          ? 'No report exists. Starting a new report generation task'
          : 'The report expired. Starting a new report generation task',
    }
  },

  GetCredentialReport: (_input: unknown, context) => {
    const { report, reportedAt } = accountOf(context)
    if (report === undefined || reportedAt === undefined)
      throw new AwsError('ReportNotPresent', 'No report found', { status: 410 })
    return { Content: Buffer.from(report), ReportFormat: 'text/csv', GeneratedTime: new Date(reportedAt) }
  },
}
