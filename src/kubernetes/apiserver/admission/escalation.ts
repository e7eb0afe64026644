import { StatusError } from '../../api.ts'
import { equal } from '../../equality.ts'
import type { AccessAttributes, UserInfo } from '../../provider.ts'
import type { Authorization } from '../auth/authorization.ts'
import { forbidden } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../storage/strategy.ts'

const GROUP = 'rbac.authorization.k8s.io'

/** Nobody gives rights that they do not have. Models pkg/registry/rbac policybased storage. */
export const escalation: AdmissionPlugin = (request, context) => {
  const { kind, operation, user } = request
  // The cluster's own components may do everything.
  if (!user || operation === 'delete' || kind.group !== GROUP) return
  if (user.groups.includes('system:masters')) return
  if (kind.kind.endsWith('Binding')) binding(request, user, context)
  else role(request, user, context)
}

function role(
  { kind, namespace, name, object, old }: AdmissionRequest,
  user: UserInfo,
  context: StrategyContext,
) {
  const { authorization } = context
  const aggregates = object.aggregationRule && !equal(object.aggregationRule, old?.aggregationRule)
  if (!aggregates && old && equal(object.rules ?? [], old.rules ?? [])) return
  const attributes = { user, verb: 'escalate', resource: kind.plural, namespace, name }
  if (authorization.authorize(inGroup(attributes)).allowed) return
  if (aggregates && missing(EVERYTHING, user, '', authorization).length > 0)
    throw forbidden(kind, name, 'must have cluster-admin privileges to use the aggregationRule')
  refuse({ kind, name }, object.rules ?? [], user, namespace, authorization)
}

function binding(
  { kind, namespace, name, object, old }: AdmissionRequest,
  user: UserInfo,
  context: StrategyContext,
) {
  if (old && equal(object.roleRef, old.roleRef) && equal(object.subjects, old.subjects)) return
  const { authorization } = context
  const { kind: roleKind, name: roleName } = object.roleRef
  const resource = roleKind === 'Role' ? 'roles' : 'clusterroles'
  const attributes = { user, verb: 'bind', resource, namespace, name: roleName }
  if (authorization.authorize(inGroup(attributes)).allowed) return
  const found = context.get(`${resource}.${GROUP}`, resource === 'roles' ? namespace : '', roleName)
  if (!found) {
    const what = `${resource}.${GROUP}`
    throw new StatusError(404, 'NotFound', `${what} ${JSON.stringify(roleName)} not found`, {
      name: roleName,
      group: GROUP,
      kind: resource,
    })
  }
  refuse({ kind, name }, found.rules ?? [], user, namespace, authorization)
}

const inGroup = (request: Pick<AccessAttributes, 'user' | 'verb' | 'resource' | 'namespace' | 'name'>) => ({
  ...request,
  group: GROUP,
  version: 'v1',
  subresource: '',
})

const EVERYTHING: Obj[] = [
  { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
  { nonResourceURLs: ['*'], verbs: ['*'] },
]

function refuse(
  { kind, name }: Pick<AdmissionRequest, 'kind' | 'name'>,
  rules: Obj[],
  user: UserInfo,
  namespace: string,
  authorization: Authorization,
): void {
  const lacking = missing(rules, user, namespace, authorization)
  if (lacking.length === 0) return
  const who = `user ${JSON.stringify(user.username)} (groups=${list(user.groups)})`
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${lacking.join('\n')}`
  throw forbidden(kind, name, why)
}

/** The rights in rules that a user does not have, as text. */
function missing(rules: Obj[], user: UserInfo, namespace: string, authorization: Authorization): string[] {
  const verbs = new Map<string, { rule: Obj; verbs: string[] }>()
  for (const simple of rules.flatMap(simpleRules)) {
    if (authorization.authorize({ ...simple.attributes, user, namespace }).allowed) continue
    const key = JSON.stringify(simple.rule)
    const known = verbs.get(key) ?? { rule: simple.rule, verbs: [] }
    if (!known.verbs.includes(simple.attributes.verb)) known.verbs.push(simple.attributes.verb)
    verbs.set(key, known)
  }
  return [...verbs.values()].map(({ rule, verbs: all }) => compact({ ...rule, verbs: all })).sort()
}

interface SimpleRule {
  /** Without its verb. */
  rule: Obj
  attributes: Omit<AccessAttributes, 'user' | 'namespace'>
}

/** A rule as rules of one verb, group, resource and name each. */
function simpleRules(rule: Obj): SimpleRule[] {
  const none = { group: '', version: '*', resource: '', subresource: '', name: '' }
  const out: SimpleRule[] = []
  for (const verb of rule.verbs ?? []) {
    for (const path of rule.nonResourceURLs ?? [])
      out.push({ rule: { nonResourceURLs: [path] }, attributes: { ...none, verb, path } })
    for (const group of rule.apiGroups ?? []) {
      for (const text of rule.resources ?? []) {
        const [resource, subresource = ''] = text.split('/')
        for (const name of rule.resourceNames?.length ? rule.resourceNames : ['']) {
          out.push({
            rule: { apiGroups: [group], resources: [text], ...(name && { resourceNames: [name] }) },
            attributes: { ...none, verb, group, resource, subresource, name },
          })
        }
      }
    }
  }
  return out
}

const list = (texts: string[]) => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`

const FIELDS = [
  ['APIGroups', 'apiGroups'],
  ['Resources', 'resources'],
  ['NonResourceURLs', 'nonResourceURLs'],
  ['ResourceNames', 'resourceNames'],
  ['Verbs', 'verbs'],
] as const

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}` */
const compact = (rule: Obj): string =>
  `{${FIELDS.filter(([, field]) => rule[field])
    .map(([name, field]) => `${name}:${list(rule[field])}`)
    .join(', ')}}`
