import { forbidden } from '../errors.ts'
import type { Obj } from '../json.ts'
import { compareQuantities, negative, sumQuantities } from '../quantity.ts'
import type { AdmissionPlugin, StrategyContext } from '../storage/strategy.ts'
import { inScope, type Usage, usageOf } from './quota-usage.ts'

// Models apiserver/pkg/admission/plugin/resourcequota.

/** Refuses what would exceed a quota of the namespace, and counts what is let in at once. */
export const resourceQuota: AdmissionPlugin = (request, context) => {
  const { operation, kind, namespace, name, object, old, subresource, dryRun } = request
  if (operation === 'delete' || !namespace || kind.plural === 'events') return
  if (subresource && subresource !== 'resize') return
  const quotas = context.list('resourcequotas', namespace).filter((quota) => inScope(quota, kind, object))
  if (quotas.length === 0) return
  const refuse = (why: string) => {
    throw forbidden(kind, name, why)
  }
  const usage = delta(usageOf(kind, object), operation === 'update' && old ? usageOf(kind, old) : {})
  const accepted: { quota: Obj; used: Usage }[] = []
  for (const quota of quotas) {
    const hard: Usage = quota.status?.hard ?? quota.spec?.hard ?? {}
    if (operation === 'create' && kind.group === '' && kind.plural === 'pods') {
      const missing = missingFor(object.spec ?? {}, Object.keys(hard))
      if (missing) refuse(`failed quota: ${quota.metadata.name}: must specify ${missing}`)
    }
    const wanted = Object.keys(usage).filter(
      (item) => hard[item] !== undefined && compareQuantities(usage[item]!, '0') > 0,
    )
    if (wanted.length === 0) continue
    const used: Usage = quota.status?.used ?? {}
    const next = Object.fromEntries(
      wanted.map((item) => [item, sumQuantities([used[item] ?? '0', usage[item]!])]),
    )
    const exceeded = wanted.filter((item) => compareQuantities(next[item]!, hard[item]!) > 0).sort()
    if (exceeded.length > 0) {
      const show = (of: Usage) => exceeded.map((item) => `${item}=${of[item] ?? '0'}`).join(',')
      refuse(
        `exceeded quota: ${quota.metadata.name}, requested: ${show(usage)}, used: ${show(used)}, limited: ${show(hard)}`,
      )
    }
    accepted.push({ quota, used: { ...used, ...next } })
  }
  if (!dryRun) for (const { quota, used } of accepted) count(quota, used, context)
}

function count(quota: Obj, used: Usage, context: StrategyContext): void {
  const { namespace, name } = quota.metadata
  context.setStatus('resourcequotas', namespace, name, {
    hard: quota.spec?.hard ?? {},
    ...quota.status,
    used,
  })
}

const delta = (usage: Usage, before: Usage): Usage =>
  Object.fromEntries(
    Object.entries(usage).map(([name, value]) => [
      name,
      before[name] === undefined ? value : sumQuantities([value, negative(before[name])]),
    ]),
  )

/** What a pod must name when a quota counts it: upstream's mistake, not to be repeated for other resources (pkg/quota/v1/evaluator/core/pods.go). */
const CONSTRAINED = /^(?:(?:requests|limits)\.)?(?:cpu|memory)$/

/** Which containers lack what the quota counts: `limits.cpu for: web; requests.memory for: web,log`. */
function missingFor(spec: Obj, names: string[]): string {
  const containers: Obj[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  const lacking = (name: string) =>
    containers
      .filter(({ resources }) => {
        const [field, resource] = name.startsWith('limits.')
          ? ['limits', name.slice('limits.'.length)]
          : ['requests', name.replace(/^requests\./, '')]
        return resources?.[field]?.[resource!] === undefined
      })
      .map((container) => container.name)
  return names
    .filter((name) => CONSTRAINED.test(name))
    .sort()
    .map((name) => ({ name, lacking: lacking(name) }))
    .filter(({ lacking: some }) => some.length > 0)
    .map(({ name, lacking: some }) => `${name} for: ${some.join(',')}`)
    .join('; ')
}
