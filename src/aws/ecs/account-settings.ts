import type * as sdk from '@aws-sdk/client-ecs'
import { awsKey } from '../keys.ts'
import type { Handler, RequestContext } from '../wire/service.ts'
import { invalid } from './errors.ts'
import { page } from './names.ts'

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html (from knowledge). */
const DEFAULTS: Record<string, string> = {
  awsvpcTrunking: 'disabled',
  containerInsights: 'disabled',
  containerInstanceLongArnFormat: 'enabled',
  defaultLogDriverMode: 'non-blocking',
  dualStackIPv6: 'enabled',
  fargateFIPSMode: 'disabled',
  fargateTaskRetirementWaitPeriod: '7',
  guardDutyActivate: 'off',
  serviceLongArnFormat: 'enabled',
  tagResourceAuthorization: 'off',
  taskLongArnFormat: 'enabled',
}

type Settings = Record<string, string>

/** What a setting is for whoever asks: their own, else the account's. */
export const settingOf = (context: RequestContext, name: string): string =>
  read(context, caller(context))[name] ?? read(context, 'default')[name] ?? DEFAULTS[name]!
/** Settings of one principal, or `default` for the account's. */
const key = ({ accountId, region }: RequestContext, who: string) =>
  awsKey(accountId, region, 'ecs', 'account-settings', encodeURIComponent(who))
const read = (context: RequestContext, who: string): Settings =>
  context.world.store.get<Settings>(key(context, who))?.value ?? {}

const caller = ({ principal }: RequestContext) => principal.roleArn ?? principal.arn
const rootOf = ({ accountId }: RequestContext) => `arn:aws:iam::${accountId}:root`

function put(context: RequestContext, who: string, name: string, value: string): object {
  if (/LongArnFormat$/.test(name) && value === 'disabled')
    throw invalid(
      'The short ARN format is no longer supported: the setting may not be disabled. See https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html',
    )
  context.world.store.put(key(context, who), { ...read(context, who), [name]: value })
  return { setting: { name, value, principalArn: who === 'default' ? rootOf(context) : who, type: 'user' } }
}

export const accountSettingHandlers: Record<string, Handler> = {
  PutAccountSetting: (input: sdk.PutAccountSettingCommandInput, context) =>
    put(context, input.principalArn ?? caller(context), input.name!, input.value!),

  PutAccountSettingDefault: (input: sdk.PutAccountSettingDefaultCommandInput, context) =>
    put(context, 'default', input.name!, input.value!),

  DeleteAccountSetting: (input: sdk.DeleteAccountSettingCommandInput, context) => {
    const who = input.principalArn ?? caller(context)
    const { [input.name!]: value, ...rest } = read(context, who)
    context.world.store.put(key(context, who), rest)
    return { setting: { name: input.name, value: value ?? '', principalArn: who, type: 'user' } }
  },

  ListAccountSettings: (input: sdk.ListAccountSettingsCommandInput, context) => {
    const who = input.principalArn ?? caller(context)
    const set = {
      ...(input.effectiveSettings ? { ...DEFAULTS, ...read(context, 'default') } : {}),
      ...read(context, who),
    }
    const all = Object.entries(set)
      .filter(([name]) => input.name === undefined || name === input.name)
      .filter(([, value]) => input.value === undefined || value === input.value)
      .map(([name, value]) => ({ name, value, principalArn: who, type: 'user' }))
    const { items, ...rest } = page(all, { maxResults: 10, ...input })
    return { settings: items, ...rest }
  },
}
