import type { Controller } from '#world/controller.ts'
import { equal } from '../../equality.ts'
import type { Pod } from '../../objects.ts'
import { isFinished } from '../../pods.ts'
import type { Obj } from '../json.ts'
import { type Kind, qualified } from '../kinds/kind.ts'
import { kindOf } from '../kinds/registry.ts'
import { sumQuantities } from '../quantity.ts'
import type { Objects } from '../storage/objects.ts'
import { qosClass } from '../strategies/qos.ts'
import { podTotal } from './limit-range.ts'

// Models pkg/quota/v1/evaluator/core and pkg/controller/resourcequota.

export type Usage = Record<string, string>

/** Resources of the core group that have a count without `count/` too. */
const PLAIN_COUNTS = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'pods',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
])
const COMPUTE = ['cpu', 'memory', 'ephemeral-storage']

/** What one object takes of a quota. */
export function usageOf(kind: Pick<Kind, 'group' | 'plural'>, object: Obj): Usage {
  const usage: Usage = { [`count/${qualified(kind)}`]: '1' }
  if (kind.group !== '') return usage
  if (kind.plural === 'pods') return podUsage(object, usage)
  if (PLAIN_COUNTS.has(kind.plural)) usage[kind.plural] = '1'
  if (kind.plural === 'services') Object.assign(usage, serviceUsage(object))
  if (kind.plural === 'persistentvolumeclaims') Object.assign(usage, claimUsage(object))
  return usage
}

function podUsage(pod: Obj, usage: Usage): Usage {
  const phase = pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed') return usage
  usage.pods = '1'
  const requests = podTotal(pod.spec ?? {}, 'requests')
  const limits = podTotal(pod.spec ?? {}, 'limits')
  for (const name in requests) {
    usage[`requests.${name}`] = requests[name]!
    if (COMPUTE.includes(name)) usage[name] = requests[name]!
  }
  for (const name in limits) usage[`limits.${name}`] = limits[name]!
  return usage
}

function serviceUsage({ spec = {} }: Obj): Usage {
  const ports = String((spec.ports ?? []).filter(({ nodePort }: Obj) => nodePort).length)
  if (spec.type === 'LoadBalancer') return { 'services.loadbalancers': '1', 'services.nodeports': ports }
  return spec.type === 'NodePort' ? { 'services.nodeports': String(spec.ports?.length ?? 0) } : {}
}

function claimUsage({ spec = {} }: Obj): Usage {
  const storage = spec.resources?.requests?.storage
  const size: Usage = storage === undefined ? {} : { 'requests.storage': storage }
  if (!spec.storageClassName) return size
  const prefix = `${spec.storageClassName}.storageclass.storage.k8s.io`
  return {
    ...size,
    [`${prefix}/persistentvolumeclaims`]: '1',
    ...(storage !== undefined && { [`${prefix}/requests.storage`]: storage }),
  }
}

/** Whether a quota's scopes hold for an object; those other than pods have none. */
export function inScope(quota: Obj, kind: Pick<Kind, 'group' | 'plural'>, object: Obj): boolean {
  const selectors: Obj[] = [
    ...(quota.spec?.scopes ?? []).map((scopeName: string) => ({ scopeName, operator: 'Exists' })),
    ...(quota.spec?.scopeSelector?.matchExpressions ?? []),
  ]
  if (selectors.length === 0) return true
  if (kind.group !== '' || kind.plural !== 'pods') return false
  const spec = object.spec ?? {}
  return selectors.every(({ scopeName, operator, values = [] }) => {
    switch (scopeName) {
      case 'Terminating':
        return spec.activeDeadlineSeconds !== undefined
      case 'NotTerminating':
        return spec.activeDeadlineSeconds === undefined
      case 'BestEffort':
        return qosClass(spec) === 'BestEffort'
      case 'NotBestEffort':
        return qosClass(spec) !== 'BestEffort'
      case 'PriorityClass': {
        const name = spec.priorityClassName ?? ''
        if (operator === 'In') return values.includes(name)
        if (operator === 'NotIn') return !values.includes(name)
        return (operator === 'DoesNotExist') === (name === '')
      }
      default:
        return false
    }
  })
}

/** The resources whose objects a quota's limits are about. */
function resourcesOf(names: string[]): string[] {
  const resources = new Set<string>()
  for (const name of names) {
    if (name.startsWith('count/')) resources.add(name.slice('count/'.length))
    else if (name.startsWith('services')) resources.add('services')
    else if (name === 'requests.storage' || name.includes('.storageclass.'))
      resources.add('persistentvolumeclaims')
    else if (PLAIN_COUNTS.has(name)) resources.add(name)
    else resources.add('pods')
  }
  return [...resources]
}

/** What is used of each of a quota's limits now. */
export function usedOf(objects: Pick<Objects, 'context' | 'kinds'>, quota: Obj): Usage {
  const names = Object.keys(quota.spec?.hard ?? {})
  const used: Usage = Object.fromEntries(names.map((name) => [name, '0']))
  for (const resource of resourcesOf(names)) {
    const dot = resource.indexOf('.')
    const kind =
      dot === -1
        ? { plural: resource, group: '' }
        : { plural: resource.slice(0, dot), group: resource.slice(dot + 1) }
    for (const object of listed(objects, resource, quota.metadata.namespace)) {
      if (!inScope(quota, kind, object)) continue
      const usage = usageOf(kind, object)
      for (const name of names) if (usage[name]) used[name] = sumQuantities([used[name]!, usage[name]])
    }
  }
  return used
}

function listed(
  { context, kinds }: Pick<Objects, 'context' | 'kinds'>,
  resource: string,
  namespace: string,
): Obj[] {
  return kinds.has(resource) ? context.list(resource, namespace) : []
}

/** Whether a change of an object (its status, mostly) leaves what it takes as it was. */
const takesTheSame = (old: Obj, next: Obj): boolean =>
  old.spec === next.spec && isFinished(old as Pod) === isFinished(next as Pod)

/** Keeps `status` of quotas at what is used, as objects come and go. Reconcile keys are `<namespace>/<name>`. */
export function quotaUsage(objects: Objects): Controller {
  const { context } = objects
  const quotas = kindOf('resourcequotas')
  const uid = context.cluster.uid
  const keysIn = (namespace: string) =>
    context.list('resourcequotas', namespace).map(({ metadata }) => `${namespace}/${metadata.name}`)
  return {
    name: 'resourcequota',
    sources: [
      {
        prefix: `kubernetes/${uid}/`,
        keys: ({ type, key, entry, previous }) => {
          const [, , , plural, namespace] = key.split('/')
          if (!namespace || namespace === '_' || plural === 'events' || plural === 'leases') return []
          if (objects.count(quotas, namespace) === 0) return []
          const old = plural === 'resourcequotas' || type === 'delete' ? undefined : previous?.value
          return old && takesTheSame(old as Obj, entry.value as Obj) ? [] : keysIn(namespace)
        },
      },
    ],
    reconcile(key) {
      const [namespace = '', name = ''] = key.split('/')
      const quota = objects.get(quotas, namespace, name)?.value as Obj | undefined
      if (!quota) return
      const hard = quota.spec?.hard ?? {}
      const status = { hard, used: usedOf(objects, quota) }
      if (!equal(status, quota.status)) context.setStatus('resourcequotas', namespace, name, status)
    },
  }
}
