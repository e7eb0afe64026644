import { selects } from '../../selectors.ts'
import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { AdmissionRequest, StrategyContext } from '../storage/strategy.ts'

/** What decides whether a webhook or a policy sees a request: `matchResources`, or a webhook's own fields. */
export interface Constraints {
  resourceRules?: Obj[]
  excludeResourceRules?: Obj[]
  namespaceSelector?: Obj
  objectSelector?: Obj
  matchPolicy?: string
}

/** `CREATE`, `UPDATE`, `DELETE`, `CONNECT` */
export const operationOf = ({ operation }: AdmissionRequest): string => operation.toUpperCase()

const has = (list: string[] | undefined, value: string) =>
  list?.some((item) => item === value || item === '*') ?? false

// `pods`, `pods/*`, `*/status`, `*` or `*/*`.
function namesResource(pattern: string, resource: string, subresource: string): boolean {
  const [first, second] = pattern.split('/')
  if (first !== '*' && first !== resource) return false
  if (second === undefined) return subresource === ''
  return second === '*' || second === subresource
}

function ruleMatches(rule: Obj, request: AdmissionRequest, kind: Kind): boolean {
  const { subresource, name } = request
  const scope = rule.scope ?? '*'
  return (
    has(rule.operations, operationOf(request)) &&
    has(rule.apiGroups, kind.group) &&
    has(rule.apiVersions, kind.version) &&
    (rule.resources ?? []).some((item: string) => namesResource(item, kind.plural, subresource)) &&
    (scope === '*' || (scope === 'Namespaced') === kind.namespaced) &&
    (!rule.resourceNames?.length || rule.resourceNames.includes(name))
  )
}

const isNamespace = ({ kind }: AdmissionRequest) => kind.group === '' && kind.plural === 'namespaces'

function namespaceMatches(
  selector: Obj | undefined,
  request: AdmissionRequest,
  context: StrategyContext,
): boolean {
  if (!selector || isEmpty(selector)) return true
  if (isNamespace(request)) return selects(selector, request.object.metadata.labels)
  if (!request.kind.namespaced) return true
  return selects(selector, context.get('namespaces', '', request.namespace)?.metadata.labels)
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: Obj) =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0

function objectMatches(selector: Obj | undefined, { object, old }: AdmissionRequest): boolean {
  if (!selector || isEmpty(selector)) return true
  return [object, old].some((item) => item?.metadata && selects(selector, item.metadata.labels))
}

/**
 * The version in which a webhook or a policy wants to see a request; undefined when it does not concern it.
 * Models apiserver/pkg/admission/plugin/{policy/matching,webhook/predicates}.
 */
export function matchingKind(
  constraints: Constraints,
  request: AdmissionRequest,
  context: StrategyContext,
): Kind | undefined {
  if (!namespaceMatches(constraints.namespaceSelector, request, context)) return undefined
  if (!objectMatches(constraints.objectSelector, request)) return undefined
  const versions =
    constraints.matchPolicy === 'Exact' ? [request.kind] : context.kinds.versionsOf(request.kind)
  const among = (rules: Obj[]) =>
    versions.find((kind) => rules.some((rule) => ruleMatches(rule, request, kind)))
  if (among(constraints.excludeResourceRules ?? [])) return undefined
  return among(constraints.resourceRules ?? [])
}
