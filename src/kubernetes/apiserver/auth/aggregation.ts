import type { Controller } from '#world/controller.ts'
import { equal } from '../../equality.ts'
import { selects } from '../../selectors.ts'
import type { Json, Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'

const ROLES = 'clusterroles.rbac.authorization.k8s.io'

/** Fills ClusterRoles that gather the rules of others, as `admin`, `edit` and `view` do. Models pkg/controller/clusterroleaggregation. */
export function clusterRoleAggregation(objects: Objects): Controller {
  const { context } = objects
  const kind = kindOf(ROLES)
  const gatherers = () => context.list(ROLES).filter((role) => role.aggregationRule)
  return {
    name: 'clusterrole-aggregation',
    // Any role may be a part of any gathering one, which may be a part of another.
    sources: [{ prefix: objects.prefix(kind), keys: () => gatherers().map(({ metadata }) => metadata.name) }],
    reconcile(name) {
      const role = context.get(ROLES, '', name)
      if (!role?.aggregationRule) return
      const rules = gathered(role, context.list(ROLES))
      if (equal(rules, role.rules ?? [])) return
      objects.update(kind, '', name, (current: Json) => ({ ...current, rules }) as Obj)
    },
  }
}

function gathered(role: Obj, all: Obj[]): Obj[] {
  const rules: Obj[] = []
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    for (const part of all) {
      if (part.metadata.name === role.metadata.name || !selects(selector, part.metadata.labels)) continue
      for (const rule of part.rules ?? []) if (!rules.some((known) => equal(known, rule))) rules.push(rule)
    }
  }
  return rules
}
