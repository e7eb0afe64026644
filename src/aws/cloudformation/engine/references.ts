import type { StackRecord } from '../records.ts'
import { isList, isSsmParameter, splitList } from '../template/parameters.ts'
import { isObject, type Template } from '../template/parse.ts'
import type { Calls } from '../types/type.ts'

const DYNAMIC = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]+)\}\}/g

/**
 * Puts the values of Parameter Store and Secrets Manager in the place of `{{resolve:…}}`, at any depth.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 */
export async function resolveDynamic<T>(call: Calls, value: T): Promise<T> {
  if (typeof value === 'string') {
    let text: string = value
    for (const [whole, service, name = ''] of value.matchAll(DYNAMIC))
      text = text.replace(whole, await lookUp(call, service!, name))
    return text as T
  }
  if (Array.isArray(value)) return (await Promise.all(value.map((item) => resolveDynamic(call, item)))) as T
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(
    async ([key, item]) => [key, await resolveDynamic(call, item)] as const,
  )
  return Object.fromEntries(await Promise.all(entries)) as T
}

async function lookUp(call: Calls, service: string, reference: string): Promise<string> {
  if (service !== 'secretsmanager') {
    const { Parameter } = await call('ssm', 'GetParameter', { Name: reference, WithDecryption: true })
    return Parameter.Value
  }
  // A secret may be named by its ARN, which has seven parts of its own.
  const parts = reference.split(':')
  const length = reference.startsWith('arn:') ? 7 : 1
  const SecretId = parts.slice(0, length).join(':')
  const [, key = '', stage = '', version = ''] = parts.slice(length)
  const { SecretString } = await call('secretsmanager', 'GetSecretValue', {
    SecretId,
    ...(stage === '' ? {} : { VersionStage: stage }),
    ...(version === '' ? {} : { VersionId: version }),
  })
  return key === '' ? SecretString : String(JSON.parse(SecretString)[key])
}

/** The values of parameters of type `AWS::SSM::Parameter::Value<…>`, by their names in the template. */
export async function storedParameters(
  call: Calls,
  { Parameters }: Template,
  { wanted }: StackRecord,
): Promise<Record<string, unknown>> {
  const resolved: Record<string, unknown> = {}
  for (const [name, { Type }] of Object.entries(Parameters)) {
    if (!isSsmParameter(Type)) continue
    const { Parameter } = await call('ssm', 'GetParameter', { Name: wanted.parameters[name] })
    resolved[name] = isList(Type) ? splitList(Parameter.Value) : Parameter.Value
  }
  return resolved
}
