import type { AccessAttributes, UserInfo } from '../../provider.ts'
import { NODE_RULES } from '../bootstrap/rbac.ts'
import type { Obj } from '../json.ts'
import type { StrategyContext } from '../storage/strategy.ts'
import { permits } from './rbac.ts'

const USER = 'system:node:'
const LEASES = 'kube-node-lease'

/** The node whose kubelet a user is. */
export const nodeOf = (user: UserInfo): string | undefined =>
  user.username.startsWith(USER) && user.groups.includes('system:nodes')
    ? user.username.slice(USER.length)
    : undefined

interface Verdict {
  allowed: boolean
  reason: string
}

const yes: Verdict = { allowed: true, reason: '' }
const no = (reason: string): Verdict => ({ allowed: false, reason })

/**
 * What the node authorizer says of a kubelet's request: it reads what its pods use, and changes its own node; undefined for
 * users that are no nodes. Models plugin/pkg/auth/authorizer/node.
 */
export function nodeDecision(request: AccessAttributes, context: StrategyContext): Verdict | undefined {
  const node = nodeOf(request.user)
  if (node === undefined) return undefined
  if (request.path !== undefined) return byRules(request)
  const decide = RESOURCES[request.group ? `${request.resource}.${request.group}` : request.resource]
  return decide ? decide(request, node, context) : byRules(request)
}

const byRules = (request: AccessAttributes): Verdict =>
  NODE_RULES.some((rule) => permits(rule, request)) ? yes : no('')

type Decide = (request: AccessAttributes, node: string, context: StrategyContext) => Verdict

const onNode = (node: string, context: StrategyContext, namespace?: string): Obj[] =>
  context.list('pods', namespace).filter(({ spec }) => spec.nodeName === node)

const related = (found: boolean, node: string): Verdict =>
  found ? yes : no(`no relationship found between node '${node}' and this object`)

/** Names of a kind that a pod's spec refers to. */
type References = (spec: Obj) => (string | undefined)[]

const containersOf = (spec: Obj): Obj[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
]
const volumes = (spec: Obj): Obj[] => [
  ...(spec.volumes ?? []),
  ...(spec.volumes ?? []).flatMap((volume: Obj) => volume.projected?.sources ?? []),
]
const environment = (spec: Obj, from: 'secret' | 'configMap'): (string | undefined)[] =>
  containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }: Obj) => valueFrom?.[`${from}KeyRef`]?.name),
    ...envFrom.map((source: Obj) => source[`${from}Ref`]?.name),
  ])

const secrets: References = (spec) => [
  ...(spec.imagePullSecrets ?? []).map(({ name }: Obj) => name),
  ...volumes(spec).map(({ secret }) => secret?.secretName ?? secret?.name),
  ...environment(spec, 'secret'),
]
const configMaps: References = (spec) => [
  ...volumes(spec).map(({ configMap }) => configMap?.name),
  ...environment(spec, 'configMap'),
]
const claims: References = (spec) =>
  (spec.volumes ?? []).map((volume: Obj) => volume.persistentVolumeClaim?.claimName)

const reads =
  (references: References): Decide =>
  ({ verb, subresource, namespace, name }, node, context) => {
    if (!['get', 'list', 'watch'].includes(verb)) return no('can only read resources of this type')
    if (subresource) return no('cannot read subresource')
    if (!namespace) return no('can only read namespaced object of this type')
    if (!name) return no('No Object name found')
    return related(
      onNode(node, context, namespace).some(({ spec }) => references(spec).includes(name)),
      node,
    )
  }

const gets =
  (has: (request: AccessAttributes, node: string, context: StrategyContext) => boolean): Decide =>
  (request, node, context) => {
    if (request.verb !== 'get') return no('can only get individual resources of this type')
    if (request.subresource) return no('cannot get subresource')
    return request.name ? related(has(request, node, context), node) : no('No Object name found')
  }

const usesClaim = ({ namespace, name }: AccessAttributes, node: string, context: StrategyContext) =>
  onNode(node, context, namespace).some(({ spec }) => claims(spec).includes(name))

const usesVolume = ({ name }: AccessAttributes, node: string, context: StrategyContext) => {
  const claim = context.get('persistentvolumes', '', name)?.spec.claimRef
  return (
    claim !== undefined &&
    onNode(node, context, claim.namespace).some(({ spec }) => claims(spec).includes(claim.name))
  )
}

/** Of one's own name only, in a namespace when given. */
const named =
  (what: string, article: string, namespace?: string): Decide =>
  ({ verb, name, namespace: given }, node) => {
    if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb))
      return no(`can only get, create, update, patch, or delete ${article} ${what}`)
    if (namespace && given !== namespace)
      return no(`can only access leases in the ${JSON.stringify(namespace)} system namespace`)
    return verb !== 'create' && name !== node
      ? no(`can only access ${what} with the same name as the requesting node`)
      : yes
  }

const selectsNode = (request: AccessAttributes, field: string, node: string) =>
  (request.fieldSelector ?? '').split(',').some((term) => term === `${field}=${node}`)

const nodes: Decide = (request, node) => {
  if (request.subresource && request.subresource !== 'status') return no('')
  switch (request.verb) {
    case 'create':
    case 'update':
    case 'patch':
      // NodeRestriction looks at the name.
      return yes
    case 'get':
    case 'list':
    case 'watch':
      return request.name === node || selectsNode(request, 'metadata.name', node)
        ? yes
        : no(`node '${node}' cannot read '${request.name}', only its own Node object`)
    default:
      return no('')
  }
}

const pods: Decide = (request, node, context) => {
  const { verb, subresource, name, namespace } = request
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? yes : no('')
  if (subresource === 'eviction') return verb === 'create' ? yes : no('')
  if (subresource) return no('')
  if (verb === 'create' || verb === 'delete') return yes
  if (verb === 'get')
    return related(
      onNode(node, context, namespace).some(({ metadata }) => metadata.name === name),
      node,
    )
  if (verb !== 'list' && verb !== 'watch') return no('')
  return selectsNode(request, 'spec.nodeName', node)
    ? yes
    : no('can only list/watch pods with spec.nodeName field selector')
}

const tokens: Decide = ({ verb, subresource, namespace, name }, node, context) => {
  if (verb !== 'create' || !name) return no('can only create tokens for individual service accounts')
  if (subresource !== 'token') return no('can only create token subresource of serviceaccount')
  return related(
    onNode(node, context, namespace).some(({ spec }) => spec.serviceAccountName === name),
    node,
  )
}

const RESOURCES: Record<string, Decide> = {
  secrets: reads(secrets),
  configmaps: reads(configMaps),
  persistentvolumeclaims: gets(usesClaim),
  persistentvolumes: gets(usesVolume),
  serviceaccounts: tokens,
  'leases.coordination.k8s.io': named('node lease', 'a', LEASES),
  'csinodes.storage.k8s.io': named('CSINode', 'a'),
  nodes,
  pods,
}
