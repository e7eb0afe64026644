import type { GetRandomPasswordCommandInput } from '@aws-sdk/client-secrets-manager'
import { AwsError, type Handler } from '../wire/service.ts'

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
const KINDS = {
  ExcludeLowercase: 'abcdefghijklmnopqrstuvwxyz',
  ExcludeUppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  ExcludeNumbers: '0123456789',
  ExcludePunctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const

export const randomPasswordHandlers: Record<string, Handler> = {
  GetRandomPassword: (input: GetRandomPasswordCommandInput, { world }) => {
    const excluded = input.ExcludeCharacters ?? ''
    const kinds = Object.entries(KINDS)
      .filter(([name]) => !input[name as keyof typeof KINDS])
      .map(([, letters]) => [...letters].filter((one) => !excluded.includes(one)).join(''))
      .filter((letters) => letters !== '')
    if (input.IncludeSpace && !excluded.includes(' ')) kinds.push(' ')
    const length = input.PasswordLength ?? 32
    const each = input.RequireEachIncludedType ?? true
    if (kinds.length === 0 || (each && length < kinds.length))
      throw new AwsError(
        'InvalidParameterException',
        'The password length is too short for the required types.',
      )
    const letters = kinds.join('')
    const needed = each ? kinds.map((kind) => world.ids.text(1, kind)) : []
    const password = [...needed, ...world.ids.text(length - needed.length, letters)]
    // The required ones are not to stand in front.
    for (let i = password.length - 1; i > 0; i--) {
      const j = world.ids.number(i + 1)
      ;[password[i], password[j]] = [password[j]!, password[i]!]
    }
    return { RandomPassword: password.join('') }
  },
}
