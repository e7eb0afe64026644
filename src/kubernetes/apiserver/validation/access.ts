import { forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import { needs, oneOf, type Rule, sub } from './rules.ts'

// Roles and bindings. Source: pkg/apis/rbac/validation of Kubernetes 1.35, read 2026-11.

const RBAC = 'rbac.authorization.k8s.io'

const policyRule =
  (namespaced: boolean) =>
  (rule: Obj, path: string): ReturnType<Rule> => {
    const errors = []
    if (!rule.verbs?.length)
      errors.push(required(sub(path, 'verbs'), 'verbs must contain at least one value'))
    if (rule.nonResourceURLs?.length) {
      const at = sub(path, 'nonResourceURLs')
      if (namespaced)
        errors.push(
          invalidValue(at, rule.nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'),
        )
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        const why = 'rules cannot apply to both regular resources and non-resource URLs'
        errors.push(invalidValue(at, rule.nonResourceURLs, why))
      }
      return errors
    }
    if (!rule.apiGroups?.length)
      errors.push(required(sub(path, 'apiGroups'), 'resource rules must supply at least one api group'))
    if (!rule.resources?.length)
      errors.push(required(sub(path, 'resources'), 'resource rules must supply at least one resource'))
    return errors
  }

const rulesOf =
  (namespaced: boolean): Rule =>
  (role, path) =>
    (role.rules ?? []).flatMap((rule: Obj, index: number) =>
      policyRule(namespaced)(rule, `${sub(path, 'rules')}[${index}]`),
    )

const subjectsOf =
  (namespaced: boolean): Rule =>
  (binding, path) =>
    (binding.subjects ?? []).flatMap((subject: Obj, index: number) =>
      subjectErrors(subject, `${sub(path, 'subjects')}[${index}]`, namespaced),
    )

function subjectErrors(subject: Obj, path: string, namespaced: boolean): ReturnType<Rule> {
  const errors = subject.name ? [] : [required(`${path}.name`)]
  switch (subject.kind) {
    case 'ServiceAccount':
      if (subject.apiGroup) errors.push(notSupported(`${path}.apiGroup`, subject.apiGroup, ['']))
      if (!namespaced && !subject.namespace) errors.push(required(`${path}.namespace`))
      return errors
    case 'User':
    case 'Group':
      if (subject.apiGroup !== RBAC)
        errors.push(notSupported(`${path}.apiGroup`, subject.apiGroup ?? '', [RBAC]))
      if (subject.namespace)
        errors.push(forbiddenField(`${path}.namespace`, 'may not be set for non-service account subjects'))
      return errors
    default:
      return [
        ...errors,
        notSupported(`${path}.kind`, subject.kind ?? '', ['Group', 'ServiceAccount', 'User']),
      ]
  }
}

const roleKind =
  (...kinds: string[]): Rule =>
  (binding) => {
    const kind = binding.roleRef?.kind ?? ''
    return kinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, kinds)]
  }

export const ACCESS_RULES: Record<string, Rule[]> = {
  V1Role: [rulesOf(true)],
  V1ClusterRole: [rulesOf(false)],
  V1RoleRef: [needs('name'), oneOf('apiGroup', [RBAC])],
  V1RoleBinding: [subjectsOf(true), roleKind('ClusterRole', 'Role')],
  V1ClusterRoleBinding: [subjectsOf(false), roleKind('ClusterRole')],
}
