import type * as sdk from '@aws-sdk/client-ecr'
import type { Scope } from '../ec2/index.ts'
import { AwsError, type RequestContext } from '../wire/service.ts'
import { quotas } from './data/quotas.ts'
import { invalidParameter, limitExceeded } from './errors.ts'
import { page } from './repositories.ts'
import { setSetting, setting } from './settings.ts'

/** The settings of an account, their values, the first of which is the default (API reference of PutAccountSetting). */
const SETTINGS: Record<string, string[]> = {
  BASIC_SCAN_TYPE_VERSION: ['AWS_NATIVE'],
  REGISTRY_POLICY_SCOPE: ['V2'],
  BLOB_MOUNTING: ['DISABLED', 'ENABLED'],
}

const known = (name: string) => {
  const values = SETTINGS[name]
  if (values) return values
  throw invalidParameter('name', `Invalid account setting name '${name}'`)
}

/** The value of an account's setting. */
export const accountSetting = (scope: Scope, name: 'BLOB_MOUNTING'): string =>
  setting(scope, 'account')?.[name] ?? SETTINGS[name]![0]!

export function getAccountSetting({ name }: sdk.GetAccountSettingCommandInput, context: RequestContext) {
  const [standard] = known(name!)
  return { name, value: setting(context, 'account')?.[name!] ?? standard }
}

export function putAccountSetting(
  { name, value }: sdk.PutAccountSettingCommandInput,
  context: RequestContext,
) {
  if (!known(name!).includes(value!))
    throw invalidParameter('value', `Invalid value '${value}' for account setting '${name}'`)
  setSetting(context, 'account', { ...setting(context, 'account'), [name!]: value! })
  return { name, value }
}

export function registerPullTimeUpdateExclusion(
  { principalArn }: sdk.RegisterPullTimeUpdateExclusionCommandInput,
  context: RequestContext,
) {
  const exclusions = setting(context, 'pullTimeExclusions') ?? {}
  if (exclusions[principalArn!] !== undefined) {
    throw new AwsError(
      'ExclusionAlreadyExistsException',
      `A pull time update exclusion already exists for the principal '${principalArn}'`,
    )
  }
  if (Object.keys(exclusions).length >= quotas.pullTimeExclusions)
    throw limitExceeded('The maximum number of pull time update exclusions has been exceeded')
  const createdAt = context.world.clock.now()
  setSetting(context, 'pullTimeExclusions', { ...exclusions, [principalArn!]: createdAt })
  return { principalArn, createdAt: new Date(createdAt) }
}

export function deregisterPullTimeUpdateExclusion(
  { principalArn }: sdk.DeregisterPullTimeUpdateExclusionCommandInput,
  context: RequestContext,
) {
  const { [principalArn!]: found, ...rest } = setting(context, 'pullTimeExclusions') ?? {}
  if (found === undefined) {
    throw new AwsError(
      'ExclusionNotFoundException',
      `No pull time update exclusion exists for the principal '${principalArn}'`,
    )
  }
  setSetting(context, 'pullTimeExclusions', rest)
  return { principalArn }
}

export function listPullTimeUpdateExclusions(
  input: sdk.ListPullTimeUpdateExclusionsCommandInput,
  context: RequestContext,
) {
  const { items, nextToken } = page(Object.keys(setting(context, 'pullTimeExclusions') ?? {}).sort(), input)
  return { pullTimeUpdateExclusions: items, nextToken }
}
