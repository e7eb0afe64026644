import type { Json, Obj } from '../json.ts'
import { apiVersionOf, type Kind, qualified } from './kind.ts'

interface Conversion {
  /** From the form that is stored. */
  to(object: Obj): Obj
  /** Into the form that is stored. */
  from(object: Obj): Obj
}

/** Fields of `events.k8s.io/v1` with their older names in core. Source: pkg/apis/events conversion. */
const EVENT_FIELDS: [newer: string, core: string][] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

function rename(object: Obj, names: [from: string, to: string][]): Obj {
  const map = new Map(names)
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [map.get(key) ?? key, value]))
}

/** The target utilisation of `autoscaling/v1`, which v2 keeps as one metric of several. */
function hpaToV1(object: Obj): Obj {
  const { metrics, behavior: _, ...spec } = object.spec ?? {}
  const isCpu = (metric: Json) => metric.type === 'Resource' && metric.resource?.name === 'cpu'
  const wanted = metrics?.find(isCpu)?.resource?.target?.averageUtilization
  const { currentMetrics, conditions: __, ...status } = object.status ?? {}
  const current = currentMetrics?.find(isCpu)?.resource?.current?.averageUtilization
  return {
    ...object,
    spec: { ...spec, ...(wanted !== undefined && { targetCPUUtilizationPercentage: wanted }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(current !== undefined && { currentCPUUtilizationPercentage: current }),
    },
  }
}

function hpaFromV1(object: Obj): Obj {
  const { targetCPUUtilizationPercentage: percentage, ...spec } = object.spec ?? {}
  const target = { type: 'Utilization', averageUtilization: percentage }
  const metrics =
    percentage === undefined ? {} : { metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] }
  const { currentCPUUtilizationPercentage: _, ...status } = object.status ?? {}
  return { ...object, spec: { ...spec, ...metrics }, ...(object.status && { status }) }
}

const CONVERSIONS: Record<string, Conversion> = {
  'events.events.k8s.io': {
    to: (object) =>
      rename(
        object,
        EVENT_FIELDS.map(([newer, core]) => [core, newer]),
      ),
    from: (object) => rename({ involvedObject: {}, ...object }, EVENT_FIELDS),
  },
  'horizontalpodautoscalers.autoscaling': { to: hpaToV1, from: hpaFromV1 },
}

/** Versions of a custom resource differ in nothing but their name. */
const SAME: Conversion = { to: (object) => object, from: (object) => object }

/** Turns a stored object into the version of `kind`. */
export const conversionTo =
  (kind: Kind) =>
  (object: Obj): Obj => ({
    ...(CONVERSIONS[qualified(kind)] ?? SAME).to(object),
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
  })

/** Turns an object of the version of `kind` into the stored one. */
export const conversionFrom =
  (kind: Kind, stored: Kind) =>
  (object: Obj): Obj => ({
    ...(CONVERSIONS[qualified(kind)] ?? SAME).from(object),
    apiVersion: apiVersionOf(stored),
    kind: stored.kind,
  })
