import type { AccessAttributes, UserInfo } from '../../provider.ts'
import type { Call } from '../http/call.ts'
import type { SubresourceParts } from '../http/subresources.ts'
import type { Obj } from '../json.ts'

type Review = (object: Obj, call: Call, parts: SubresourceParts) => Promise<Obj> | Obj

const infoOf = (user: UserInfo): Obj => ({
  username: user.username,
  ...(user.uid && { uid: user.uid }),
  groups: user.groups,
  ...(user.extra && { extra: user.extra }),
})

/** `spec.nodeName=node-1` of `{requirements: [{key, operator: In, values: [one]}]}`, the form in which a review gives it. */
const selectorOf = ({ rawSelector, requirements = [] }: Obj): string =>
  rawSelector ??
  requirements
    .filter(({ operator, values }: Obj) => operator === 'In' && values?.length === 1)
    .map(({ key, values }: Obj) => `${key}=${values[0]}`)
    .join()

function attributesOf(spec: Obj, user: UserInfo, namespace?: string): AccessAttributes {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec
  return {
    user,
    verb: (resource ?? path)?.verb ?? '',
    group: resource?.group ?? '',
    version: resource?.version ?? '*',
    resource: resource?.resource ?? '',
    subresource: resource?.subresource ?? '',
    namespace: namespace ?? resource?.namespace ?? '',
    name: resource?.name ?? '',
    ...(path && { path: path.path ?? '' }),
    ...(resource?.fieldSelector && { fieldSelector: selectorOf(resource.fieldSelector) }),
  }
}

const access = (attributes: AccessAttributes, { authorization }: SubresourceParts): Obj => {
  const { allowed, reason } = authorization.authorize(attributes)
  return { allowed, ...(reason && { reason }) }
}

const userOf = (spec: Obj): UserInfo => ({
  username: spec.user ?? '',
  groups: spec.groups ?? [],
  ...(spec.uid && { uid: spec.uid }),
})

/** The answers of the kinds that ask a question: their `status`. */
export const REVIEWS: Record<string, Review> = {
  SelfSubjectReview: (_object, { user }) => ({ userInfo: infoOf(user) }),
  SelfSubjectAccessReview: ({ spec }, { user }, parts) => access(attributesOf(spec, user), parts),
  SubjectAccessReview: ({ spec }, _call, parts) => access(attributesOf(spec, userOf(spec)), parts),
  LocalSubjectAccessReview: ({ spec }, { info }, parts) =>
    access(attributesOf(spec, userOf(spec), info.namespace), parts),
  SelfSubjectRulesReview: ({ spec }, { user }, parts) => rulesStatus(spec.namespace ?? '', user, parts),
  TokenReview: async ({ spec }, _call, { authentication }) => {
    const found = spec.token && (await authentication.tokenUser(spec.token))
    if (!found) return { user: {}, error: 'invalid bearer token' }
    const groups = [...found.user.groups, 'system:authenticated']
    return { authenticated: true, user: infoOf({ ...found.user, groups }), audiences: found.audiences }
  },
}

function rulesStatus(namespace: string, user: UserInfo, { authorization }: SubresourceParts): Obj {
  const resourceRules: Obj[] = []
  const nonResourceRules: Obj[] = []
  for (const { rule } of authorization.rules(user, namespace)) {
    const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule
    if (resources?.length)
      resourceRules.push({ verbs, apiGroups, resources, ...(resourceNames && { resourceNames }) })
    if (nonResourceURLs?.length) nonResourceRules.push({ verbs, nonResourceURLs })
  }
  // What a webhook would allow (EKS: access policies) cannot be listed.
  const evaluationError = 'webhook authorizer does not support user rule resolution'
  return authorization.hasOthers
    ? { resourceRules, nonResourceRules, incomplete: true, evaluationError }
    : { resourceRules, nonResourceRules, incomplete: false }
}
