import type { AccessAttributes, ClusterOptions, UserInfo } from '../../provider.ts'
import type { Objects } from '../storage/objects.ts'
import { nodeDecision } from './node.ts'
import { type EffectiveRule, permits, RoleRules } from './rbac.ts'

export interface Decision {
  allowed: boolean
  reason: string
}

/** Decides who may do what: `system:masters`, the cloud's authorizers, nodes by what runs on them, then RBAC's roles and bindings. */
export class Authorization {
  readonly #cluster: ClusterOptions
  readonly #objects: Objects
  readonly #roles: RoleRules

  constructor(cluster: ClusterOptions, objects: Objects) {
    this.#cluster = cluster
    this.#objects = objects
    this.#roles = new RoleRules(objects)
  }

  authorize(attributes: AccessAttributes): Decision {
    if (attributes.user.groups.includes('system:masters')) return { allowed: true, reason: '' }
    let reason = ''
    const node = nodeDecision(attributes, this.#objects.context)
    if (node?.allowed) return node
    for (const authorizer of this.#cluster.authorizers) {
      const decision = authorizer.authorize(attributes)
      if (decision?.allowed) return { allowed: true, reason: decision.reason ?? '' }
      reason ||= decision?.reason ?? ''
    }
    if (this.#cluster.rbac === false) return { allowed: false, reason: node?.reason || reason }
    for (const { rule, source } of this.rules(attributes.user, attributes.namespace)) {
      if (permits(rule, attributes)) return { allowed: true, reason: `RBAC: allowed by ${source}` }
    }
    return { allowed: false, reason: node?.reason || reason }
  }

  /** Whether somebody beside RBAC decides, by rules that are not known here. */
  get hasOthers(): boolean {
    return this.#cluster.rbac !== false && this.#cluster.authorizers.length > 0
  }

  /** The rules of RBAC that hold for a user in a namespace, or only those of ClusterRoleBindings when it is `''`. */
  rules(user: UserInfo, namespace: string): Iterable<EffectiveRule> {
    return this.#roles.of(user, namespace)
  }
}

/** The text of a refusal. */
export function refusal(attributes: AccessAttributes, reason: string): string {
  const { user, verb, resource, subresource, group, namespace, path } = attributes
  const why = reason ? `: ${reason}` : ''
  if (path !== undefined) return `User "${user.username}" cannot ${verb} path "${path}"${why}`
  const what = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  return `User "${user.username}" cannot ${verb} resource "${what}" in API group "${group}" ${where}${why}`
}
