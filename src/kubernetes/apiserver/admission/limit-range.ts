import { forbidden } from '../errors.ts'
import type { Obj } from '../json.ts'
import { compareQuantities, quantityValue, sumQuantities } from '../quantity.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../storage/strategy.ts'

// Models plugin/pkg/admission/limitranger.

const ANNOTATION = 'kubernetes.io/limit-ranger'

type Quantities = Record<string, string>

const limitsOf = ({ namespace }: AdmissionRequest, context: StrategyContext): Obj[] =>
  context.list('limitranges', namespace).flatMap(({ spec }) => spec?.limits ?? [])

const isNewPod = ({ operation, kind, subresource, object }: AdmissionRequest) =>
  operation === 'create' && kind.group === '' && kind.plural === 'pods' && !subresource && object.spec

/** Gives containers the requests and limits that their namespace has for those without. */
export const limitRangeDefaults: AdmissionPlugin = (request, context) => {
  if (!isNewPod(request)) return
  const items = limitsOf(request, context).filter(({ type }) => type === 'Container')
  if (items.length === 0) return
  const { object } = request
  const merged = (field: string): Quantities => Object.assign({}, ...items.map((item) => item[field] ?? {}))
  const wanted = { requests: merged('defaultRequest'), limits: merged('default') }
  const notes: string[] = []
  const groups = [
    ['container', object.spec.containers ?? []],
    ['init container', object.spec.initContainers ?? []],
  ] as const
  for (const [what, containers] of groups) {
    for (const container of containers) {
      for (const [field, defaults] of Object.entries(wanted)) {
        const present: Quantities = container.resources?.[field] ?? {}
        const missing = Object.keys(defaults)
          .filter((name) => present[name] === undefined)
          .sort()
        if (missing.length === 0) continue
        const added = Object.fromEntries(missing.map((name) => [name, defaults[name]]))
        container.resources = { ...container.resources, [field]: { ...present, ...added } }
        notes.push(`${missing.join(', ')} ${field.slice(0, -1)} for ${what} ${container.name}`)
      }
    }
  }
  if (notes.length === 0) return
  const annotations = {
    ...object.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  }
  object.metadata = { ...object.metadata, annotations }
}

/** Refuses pods and claims outside the bounds of their namespace. */
export const limitRangeLimits: AdmissionPlugin = (request, context) => {
  const { kind, object, operation } = request
  const errors: string[] = []
  if (isNewPod(request) || request.subresource === 'resize') {
    for (const item of limitsOf(request, context)) errors.push(...podErrors(item, object.spec))
  } else if (kind.plural === 'persistentvolumeclaims' && kind.group === '' && operation !== 'delete') {
    const requests: Quantities = object.spec?.resources?.requests ?? {}
    for (const item of limitsOf(request, context).filter(({ type }) => type === 'PersistentVolumeClaim')) {
      for (const [name, bound] of entries(item.min))
        errors.push(...minimum(item.type, name, bound, requests, {}))
      for (const [name, bound] of entries(item.max))
        errors.push(...maximumRequest(item.type, name, bound, requests))
    }
  }
  if (errors.length === 0) return
  throw forbidden(kind, request.name, errors.length === 1 ? errors[0]! : `[${errors.join(', ')}]`)
}

function podErrors(item: Obj, spec: Obj): string[] {
  const containers: Obj[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
  if (item.type === 'Container') {
    return containers.flatMap(({ resources }) =>
      boundErrors(item, resources?.requests ?? {}, resources?.limits ?? {}),
    )
  }
  if (item.type !== 'Pod') return []
  return boundErrors(item, podTotal(spec, 'requests'), podTotal(spec, 'limits'))
}

/** What a pod takes in all: its containers together, or the largest init container if that is more. */
export function podTotal(spec: Obj, field: 'requests' | 'limits'): Quantities {
  const total: Quantities = {}
  const lists = (containers: Obj[] | undefined) =>
    (containers ?? []).map(({ resources }) => (resources?.[field] ?? {}) as Quantities)
  const isSidecar = ({ restartPolicy }: Obj) => restartPolicy === 'Always'
  const initial: Obj[] = spec.initContainers ?? []
  for (const quantities of [...lists(spec.containers), ...lists(initial.filter(isSidecar))]) {
    for (const name in quantities) total[name] = sumQuantities([total[name] ?? '0', quantities[name]!])
  }
  for (const quantities of lists(initial.filter((container) => !isSidecar(container)))) {
    for (const name in quantities) {
      if (compareQuantities(quantities[name]!, total[name] ?? '0') > 0) total[name] = quantities[name]!
    }
  }
  for (const name in spec.overhead ?? {}) {
    if (field === 'requests' || total[name])
      total[name] = sumQuantities([total[name] ?? '0', spec.overhead[name]])
  }
  return total
}

const entries = (quantities: Quantities | undefined) => Object.entries(quantities ?? {})

function boundErrors(item: Obj, requests: Quantities, limits: Quantities): string[] {
  const { type } = item
  return [
    ...entries(item.min).flatMap(([name, bound]) => minimum(type, name, bound, requests, limits)),
    ...entries(item.max).flatMap(([name, bound]) => maximum(type, name, bound, requests, limits)),
    ...entries(item.maxLimitRequestRatio).flatMap(([name, bound]) =>
      ratio(type, name, bound, requests, limits),
    ),
  ]
}

function minimum(
  type: string,
  name: string,
  bound: string,
  requests: Quantities,
  limits: Quantities,
): string[] {
  const rule = `minimum ${name} usage per ${type} is ${bound}`
  const [request, limit] = [requests[name], limits[name]]
  if (request === undefined) return [`${rule}.  No request is specified`]
  if (compareQuantities(request, bound) < 0) return [`${rule}, but request is ${request}`]
  return limit !== undefined && compareQuantities(limit, bound) < 0 ? [`${rule}, but limit is ${limit}`] : []
}

function maximum(
  type: string,
  name: string,
  bound: string,
  requests: Quantities,
  limits: Quantities,
): string[] {
  const rule = `maximum ${name} usage per ${type} is ${bound}`
  const [request, limit] = [requests[name], limits[name]]
  if (limit === undefined) return [`${rule}.  No limit is specified`]
  if (compareQuantities(limit, bound) > 0) return [`${rule}, but limit is ${limit}`]
  return request !== undefined && compareQuantities(request, bound) > 0
    ? [`${rule}, but request is ${request}`]
    : []
}

function maximumRequest(type: string, name: string, bound: string, requests: Quantities): string[] {
  const rule = `maximum ${name} usage per ${type} is ${bound}`
  const request = requests[name]
  if (request === undefined) return [`${rule}.  No request is specified`]
  return compareQuantities(request, bound) > 0 ? [`${rule}, but request is ${request}`] : []
}

function ratio(
  type: string,
  name: string,
  bound: string,
  requests: Quantities,
  limits: Quantities,
): string[] {
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`
  const [request, limit] = [quantityValue(requests[name] ?? '0'), quantityValue(limits[name] ?? '0')]
  if (request === 0) return [`${rule}, but no request is specified or request is 0`]
  if (limit === 0) return [`${rule}, but no limit is specified or limit is 0`]
  const given = limit / request
  return given > quantityValue(bound) ? [`${rule}, but provided ratio is ${given.toFixed(6)}`] : []
}
