import type { AccessAttributes, UserInfo } from '../../provider.ts'
import type { Obj } from '../json.ts'
import type { Objects } from '../storage/objects.ts'

const GROUP = 'rbac.authorization.k8s.io'

/** A rule that a user has, and where: `''` is everywhere. */
export interface EffectiveRule {
  rule: Obj
  namespace: string
  source: string
}

/** Roles and bindings as they are now. */
export class RoleRules {
  readonly #objects: Objects

  constructor(objects: Objects) {
    this.#objects = objects
  }

  /** The rules that hold for a user in a namespace, or only those of ClusterRoleBindings when it is `''`. */
  *of(user: UserInfo, namespace: string): Generator<EffectiveRule> {
    const { list } = this.#objects.context
    for (const binding of list(`clusterrolebindings.${GROUP}`)) {
      const subject = subjectOf(binding, user, '')
      if (subject)
        yield* this.#roleRules(binding, '', `ClusterRoleBinding "${binding.metadata.name}"`, subject)
    }
    if (!namespace) return
    for (const binding of list(`rolebindings.${GROUP}`, namespace)) {
      const subject = subjectOf(binding, user, namespace)
      if (subject) {
        yield* this.#roleRules(
          binding,
          namespace,
          `RoleBinding "${binding.metadata.name}/${namespace}"`,
          subject,
        )
      }
    }
  }

  *#roleRules(binding: Obj, namespace: string, by: string, subject: string): Generator<EffectiveRule> {
    const { get } = this.#objects.context
    const { kind, name } = binding.roleRef
    const role =
      kind === 'Role' ? get(`roles.${GROUP}`, namespace, name) : get(`clusterroles.${GROUP}`, '', name)
    const source = `${by} of ${kind} "${name}" to ${subject}`
    for (const rule of role?.rules ?? []) yield { rule, namespace, source }
  }
}

/** How the binding names the user; undefined when it does not. */
function subjectOf(binding: Obj, user: UserInfo, namespace: string): string | undefined {
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' && subject.name === user.username) return `User "${subject.name}"`
    if (subject.kind === 'Group' && user.groups.includes(subject.name)) return `Group "${subject.name}"`
    if (subject.kind === 'ServiceAccount') {
      const home = subject.namespace || namespace
      if (user.username === `system:serviceaccount:${home}:${subject.name}`)
        return `ServiceAccount "${subject.name}/${home}"`
    }
  }
  return undefined
}

const has = (list: string[] | undefined, value: string) =>
  list?.some((item) => item === value || item === '*') ?? false

/** Whether a PolicyRule permits a request. Models rbac/v1 evaluation helpers. */
export function permits(rule: Obj, attributes: AccessAttributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (attributes.path !== undefined) {
    return (rule.nonResourceURLs ?? []).some(
      (url: string) =>
        url === attributes.path || (url.endsWith('*') && attributes.path!.startsWith(url.slice(0, -1))),
    )
  }
  if (!has(rule.apiGroups, attributes.group)) return false
  if (!coversResource(rule.resources ?? [], attributes)) return false
  return !rule.resourceNames?.length || rule.resourceNames.includes(attributes.name)
}

function coversResource(resources: string[], { resource, subresource }: AccessAttributes): boolean {
  const full = subresource ? `${resource}/${subresource}` : resource
  return resources.some(
    (item) => item === '*' || item === full || (subresource && item === `*/${subresource}`),
  )
}
