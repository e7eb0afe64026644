/** The statements of a trust policy that we read. */
interface TrustPolicy {
  Statement: OneOrMany<{
    Effect: string
    Action: OneOrMany<string>
    Principal?: { Federated?: OneOrMany<string> }
    Condition?: Record<string, Record<string, OneOrMany<string>>>
  }>
}
type OneOrMany<T> = T | T[]

const all = <T>(value: OneOrMany<T> | undefined): T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value]

/**
 * Whom a role trusts by sts:AssumeRoleWithWebIdentity, by the conditions on `…:sub`: `system:serviceaccount:shop:uploader`; undefined for
 * a statement without such a condition, which trusts every account of the cluster. `document`: as `iam:GetRole` answers, URL-encoded.
 */
export function subjectsOf(document: string | undefined): (string | undefined)[] {
  const policy = JSON.parse(decodeURIComponent(document ?? '%7B%22Statement%22%3A%5B%5D%7D')) as TrustPolicy
  return all(policy.Statement)
    .filter(({ Effect, Principal }) => Effect === 'Allow' && Principal?.Federated !== undefined)
    .flatMap(({ Condition = {} }) => {
      const subjects = Object.entries(Condition)
        .filter(([operator]) => operator.startsWith('String') && !operator.includes('Not'))
        .flatMap(([, keys]) => Object.entries(keys))
        .filter(([key]) => key.endsWith(':sub'))
        .flatMap(([, values]) => all(values))
      return subjects.length > 0 ? subjects : [undefined]
    })
}
