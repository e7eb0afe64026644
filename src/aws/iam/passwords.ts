import type * as sdk from '@aws-sdk/client-iam'
import { AwsError, type Handler, type RequestContext } from '../wire/service.ts'
import { alreadyExists, noSuchEntity } from './errors.ts'
import { accountOf, entitiesOf, find, now } from './find.ts'
import type { UserRecord } from './records.ts'
import { userNameOf } from './users.ts'

/** What AWS asks of a password where the account has no policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html */
const DEFAULT = { MinimumPasswordLength: 8, kinds: 3 }

const KINDS = [
  ['RequireUppercaseCharacters', /[A-Z]/],
  ['RequireLowercaseCharacters', /[a-z]/],
  ['RequireNumbers', /[0-9]/],
  ['RequireSymbols', /[!@#$%^&*()_+\-=[\]{}|']/],
] as const

/** Throws PasswordPolicyViolation. */
function checkPassword(context: RequestContext, user: UserRecord, password: string): void {
  const { passwordPolicy: policy } = accountOf(context)
  const present = KINDS.filter(([, kind]) => kind.test(password)).map(([name]) => name)
  const long = password.length >= ((policy ?? DEFAULT).MinimumPasswordLength ?? 6)
  const fits = policy
    ? KINDS.every(([name]) => !policy[name] || present.includes(name))
    : present.length >= DEFAULT.kinds && password !== user.name
  if (!long || !fits)
    throw new AwsError('PasswordPolicyViolation', 'Password does not conform to the account password policy.')
}

function profileOf(user: UserRecord): sdk.LoginProfile {
  if (!user.login) throw noSuchEntity(`Login Profile for User ${user.name} cannot be found.`)
  return {
    UserName: user.name,
    CreateDate: new Date(user.login.created),
    PasswordResetRequired: user.login.resetRequired,
  }
}

/** Nobody signs in to a console here, so no password is kept: only that there is one, and since when. */
export const passwordHandlers: Record<string, Handler> = {
  CreateLoginProfile: (input: sdk.CreateLoginProfileCommandInput, context) => {
    const user = find(context, 'user', userNameOf(context, input.UserName))
    if (user.login) throw alreadyExists(`Login Profile for user ${user.name} already exists.`)
    checkPassword(context, user, input.Password ?? '')
    const at = now(context)
    const login = { created: at, changed: at, resetRequired: input.PasswordResetRequired ?? false }
    const next = { ...user, login }
    entitiesOf(context).put('user', user.name, next)
    return { LoginProfile: profileOf(next) }
  },

  GetLoginProfile: (input: sdk.GetLoginProfileCommandInput, context) => ({
    LoginProfile: profileOf(find(context, 'user', userNameOf(context, input.UserName))),
  }),

  UpdateLoginProfile: (input: sdk.UpdateLoginProfileCommandInput, context) => {
    const user = find(context, 'user', input.UserName!)
    profileOf(user)
    if (input.Password !== undefined) checkPassword(context, user, input.Password)
    const login = {
      ...user.login!,
      ...(input.Password === undefined ? {} : { changed: now(context) }),
      resetRequired: input.PasswordResetRequired ?? user.login!.resetRequired,
    }
    entitiesOf(context).put('user', user.name, { ...user, login })
  },

  DeleteLoginProfile: (input: sdk.DeleteLoginProfileCommandInput, context) => {
    const user = find(context, 'user', userNameOf(context, input.UserName))
    profileOf(user)
    const { login: _gone, ...rest } = user
    entitiesOf(context).put('user', user.name, rest)
  },

  GetAccountPasswordPolicy: (_input: unknown, context) => {
    const { passwordPolicy } = accountOf(context)
    if (!passwordPolicy)
      throw noSuchEntity(`The Password Policy with domain name ${context.accountId} cannot be found.`)
    return { PasswordPolicy: { ...passwordPolicy, ExpirePasswords: Boolean(passwordPolicy.MaxPasswordAge) } }
  },

  // What is not named goes back to its default.
  UpdateAccountPasswordPolicy: (input: sdk.UpdateAccountPasswordPolicyCommandInput, context) => {
    entitiesOf(context).put('account', context.accountId, {
      ...accountOf(context),
      passwordPolicy: {
        MinimumPasswordLength: input.MinimumPasswordLength ?? 6,
        RequireSymbols: input.RequireSymbols ?? false,
        RequireNumbers: input.RequireNumbers ?? false,
        RequireUppercaseCharacters: input.RequireUppercaseCharacters ?? false,
        RequireLowercaseCharacters: input.RequireLowercaseCharacters ?? false,
        AllowUsersToChangePassword: input.AllowUsersToChangePassword ?? false,
        ...(input.MaxPasswordAge && { MaxPasswordAge: input.MaxPasswordAge }),
        ...(input.PasswordReusePrevention && { PasswordReusePrevention: input.PasswordReusePrevention }),
        ...(input.HardExpiry !== undefined && { HardExpiry: input.HardExpiry }),
      },
    })
  },

  DeleteAccountPasswordPolicy: (_input: unknown, context) => {
    const { passwordPolicy, ...account } = accountOf(context)
    if (!passwordPolicy) throw noSuchEntity(`The account policy with name PasswordPolicy cannot be found.`)
    entitiesOf(context).put('account', account.id, account)
  },
}
