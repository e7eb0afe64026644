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

/** Whom one statement of a trust policy lets in with the token of an identity provider. */
export interface WebIdentityTrust {
  providers: string[]
  /** Of the conditions on `…:sub`: `system:serviceaccount:shop:prices`; none without such a condition. */
  subjects: string[]
  /** Of the conditions on `…:aud`. */
  audiences: string[]
}

/** The statements that allow sts:AssumeRoleWithWebIdentity. `document`: as `iam:GetRole` answers, URL-encoded. */
export function webIdentityTrust(document: string | undefined): WebIdentityTrust[] {
  const policy = JSON.parse(decodeURIComponent(document ?? '%7B%22Statement%22%3A%5B%5D%7D')) as TrustPolicy
  return all(policy.Statement)
    .filter(
      ({ Effect, Action, Principal }) =>
        Effect === 'Allow' &&
        Principal?.Federated !== undefined &&
        all(Action).some((action) => /^(\*|sts:(\*|AssumeRoleWithWebIdentity))$/i.test(action)),
    )
    .map(({ Principal, Condition = {} }) => {
      const keys = Object.entries(Condition)
        .filter(([operator]) => operator.startsWith('String') && !operator.includes('Not'))
        .flatMap(([, keys]) => Object.entries(keys))
      const values = (end: string) =>
        keys.filter(([key]) => key.endsWith(end)).flatMap(([, values]) => all(values))
      return { providers: all(Principal!.Federated), subjects: values(':sub'), audiences: values(':aud') }
    })
}

/** The subjects of all these statements; undefined for one without a condition on them, which trusts every account of the cluster. */
export const subjectsOf = (trust: WebIdentityTrust[]): (string | undefined)[] =>
  trust.flatMap(({ subjects }) => (subjects.length > 0 ? subjects : [undefined]))

/** Those of `subjectsOf` that are more than one account. */
export const tooWide = (subjects: (string | undefined)[]): (string | undefined)[] =>
  subjects.filter((subject) => subject === undefined || /[*?]/.test(subject))
