import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import { compareQuantities } from '../quantity.ts'
import { needs, oneOf, type Rule, sub } from './rules.ts'

// Autoscalers, disruption budgets, quotas, limits, priorities. Source: pkg/apis/{autoscaling,policy,core,scheduling}/validation of
// Kubernetes 1.35, read 2026-11.

const SOURCES: Record<string, string> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
}

const metric: Rule = (value, path) => {
  if (!value.type) return [required(sub(path, 'type'), 'must specify a metric source type')]
  const field = SOURCES[value.type]
  if (!field) return [notSupported(sub(path, 'type'), value.type, Object.keys(SOURCES))]
  const errors: FieldError[] = []
  if (!value[field])
    errors.push(required(sub(path, field), 'must populate information for the given metric source'))
  for (const other of Object.values(SOURCES)) {
    if (other !== field && value[other])
      errors.push(forbiddenField(sub(path, other), `must populate the given metric source only`))
  }
  return errors
}

const TARGETS = ['AverageValue', 'Utilization', 'Value']

const metricTarget: Rule = (target, path) => {
  if (!target.type) return [required(sub(path, 'type'), 'must specify a metric target type')]
  if (!TARGETS.includes(target.type)) return [notSupported(sub(path, 'type'), target.type, TARGETS)]
  const errors: FieldError[] = []
  for (const field of ['value', 'averageValue']) {
    if (target[field] !== undefined && compareQuantities(target[field], '0') <= 0)
      errors.push(invalidValue(sub(path, field), target[field], 'must be positive'))
  }
  if (target.averageUtilization !== undefined && target.averageUtilization < 1)
    errors.push(
      invalidValue(sub(path, 'averageUtilization'), target.averageUtilization, 'must be greater than 0'),
    )
  return errors
}

const resourceMetric: Rule = (source, path) => {
  const { averageUtilization, averageValue, value } = (source.target ?? {}) as Obj
  const errors: FieldError[] = source.name
    ? []
    : [required(sub(path, 'name'), 'must specify a resource name')]
  const field = sub(path, 'target.averageUtilization')
  if (averageUtilization === undefined && averageValue === undefined)
    errors.push(required(field, 'must set either a target raw value or a target utilization'))
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.push(
      forbiddenField(
        sub(path, 'target.averageValue'),
        'may not set both a target raw value and a target utilization',
      ),
    )
  if (value !== undefined)
    errors.push(forbiddenField(sub(path, 'target.value'), 'may not set target value for resource metrics'))
  return errors
}

const minReplicas: Rule = (spec, path) =>
  spec.minReplicas !== undefined && spec.minReplicas < 1
    ? [invalidValue(sub(path, 'minReplicas'), spec.minReplicas, 'must be greater than or equal to 1')]
    : []

const scalingRules: Rule = (rules, path) => {
  const seconds = rules.stabilizationWindowSeconds
  const field = sub(path, 'stabilizationWindowSeconds')
  if (seconds === undefined) return []
  if (seconds < 0) return [invalidValue(field, seconds, 'must be greater than or equal to zero')]
  return seconds > 3600 ? [invalidValue(field, seconds, 'must be less than or equal to 3600')] : []
}

const scalingPolicy: Rule = (policy, path) => {
  const errors: FieldError[] = []
  if ((policy.value ?? 0) <= 0)
    errors.push(invalidValue(sub(path, 'value'), policy.value ?? 0, 'must be greater than zero'))
  const seconds = policy.periodSeconds ?? 0
  if (seconds <= 0)
    errors.push(invalidValue(sub(path, 'periodSeconds'), seconds, 'must be greater than zero'))
  if (seconds > 1800)
    errors.push(invalidValue(sub(path, 'periodSeconds'), seconds, 'must be less than or equal to 1800'))
  return errors
}

const budget: Rule = (spec, path) =>
  spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
    ? [invalidValue(path, spec, 'minAvailable and maxUnavailable cannot be both set')]
    : []

const amount =
  (field: string): Rule =>
  (spec, path) => {
    const value = spec[field]
    if (value === undefined) return []
    if (typeof value === 'number')
      return value < 0 ? [invalidValue(sub(path, field), value, 'must be greater than or equal to 0')] : []
    if (!/^[0-9]+%$/.test(value)) {
      const why =
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
      return [invalidValue(sub(path, field), value, why)]
    }
    return Number.parseInt(value, 10) > 100
      ? [invalidValue(sub(path, field), value, 'must not be greater than 100%')]
      : []
  }

const QUOTA_NAMES =
  /^(?:(?:requests\.|limits\.)?(?:cpu|memory|ephemeral-storage)|requests\.storage|pods|services(?:\.loadbalancers|\.nodeports)?|configmaps|secrets|persistentvolumeclaims|replicationcontrollers|resourcequotas|(?:requests\.)?hugepages-.+)$/

const hard: Rule = (spec, path) =>
  Object.entries((spec.hard ?? {}) as Record<string, string>).flatMap(([name, value]) => {
    const field = `${sub(path, 'hard')}[${name}]`
    const errors: FieldError[] = []
    if (!name.includes('/') && !QUOTA_NAMES.test(name) && !/^requests\..+\//.test(name))
      errors.push(
        invalidValue(field, name, 'must be a standard resource type or fully qualified'),
        invalidValue(field, name, 'must be a standard resource for quota'),
      )
    if (compareQuantities(value, '0') < 0)
      errors.push(invalidValue(field, value, 'must be greater than or equal to 0'))
    return errors
  })

const POD_COMPUTE = /^(?:requests\.|limits\.)?(?:cpu|memory)$/
/** Scopes, and which of the standard resources each counts. */
const SCOPES: Record<string, (resource: string) => boolean> = {
  BestEffort: (resource) => resource === 'pods',
  ...Object.fromEntries(
    ['CrossNamespacePodAffinity', 'NotBestEffort', 'NotTerminating', 'PriorityClass', 'Terminating'].map(
      (scope) => [scope, (resource: string) => resource === 'pods' || POD_COMPUTE.test(resource)],
    ),
  ),
}
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
]

const scopes: Rule = (spec, path) => {
  const given: string[] = spec.scopes ?? []
  const resources = Object.keys(spec.hard ?? {}).filter((name) => QUOTA_NAMES.test(name))
  const reasons = given.flatMap((scope) => {
    const counts = SCOPES[scope]
    if (!counts) return ['unsupported scope']
    return resources.filter((name) => !counts(name)).map(() => 'unsupported scope applied to resource')
  })
  for (const pair of OPPOSITES)
    if (pair.every((scope) => given.includes(scope))) reasons.push('conflicting scopes')
  return reasons.map((reason) => invalidValue(sub(path, 'scopes'), given, reason))
}

const limitItem: Rule = (item, path) => {
  const errors: FieldError[] = []
  if (item.type === 'Pod') {
    for (const field of ['default', 'defaultRequest']) {
      if (item[field])
        errors.push(forbiddenField(sub(path, field), `may not be specified when \`type\` is 'Pod'`))
    }
  }
  const above = (low: string, lowName: string, high: string, highName: string) => {
    for (const name in item[low] ?? {}) {
      const [a, b] = [item[low][name], item[high]?.[name]]
      if (b !== undefined && compareQuantities(a, b) > 0)
        errors.push(
          invalidValue(
            `${sub(path, low)}[${name}]`,
            a,
            `${lowName} value ${a} is greater than ${highName} value ${b}`,
          ),
        )
    }
  }
  above('min', 'min', 'max', 'max')
  above('defaultRequest', 'default request', 'default', 'default limit')
  above('defaultRequest', 'default request', 'max', 'max')
  above('default', 'default', 'max', 'max')
  return errors
}

/** The highest priority that is not the system's. */
const HIGHEST = 1_000_000_000

const priorityClass: Rule = (object) => {
  const system = object.metadata?.name?.startsWith('system-')
  if (system && /^system-(cluster|node)-critical$/.test(object.metadata.name)) return []
  if (system)
    return [
      forbiddenField(
        'metadata.name',
        "priority class names with 'system-' prefix are reserved for system use only",
      ),
    ]
  return object.value > HIGHEST
    ? [forbiddenField('value', `maximum allowed value of a user defined priority is ${HIGHEST}`)]
    : []
}

export const POLICY_RULES: Record<string, Rule[]> = {
  V2HorizontalPodAutoscalerSpec: [
    minReplicas,
    (spec, path) =>
      spec.scaleTargetRef
        ? []
        : [required(sub(path, 'scaleTargetRef.kind')), required(sub(path, 'scaleTargetRef.name'))],
  ],
  V2CrossVersionObjectReference: [needs('kind'), needs('name')],
  V2MetricSpec: [metric],
  V2MetricTarget: [metricTarget],
  V2ResourceMetricSource: [resourceMetric],
  V2HPAScalingRules: [scalingRules, oneOf('selectPolicy', ['Disabled', 'Max', 'Min'])],
  V2HPAScalingPolicy: [scalingPolicy, oneOf('type', ['Percent', 'Pods'])],
  V1PodDisruptionBudgetSpec: [
    budget,
    amount('minAvailable'),
    amount('maxUnavailable'),
    oneOf('unhealthyPodEvictionPolicy', ['AlwaysAllow', 'IfHealthyBudget']),
  ],
  V1ResourceQuotaSpec: [hard, scopes],
  V1LimitRangeItem: [limitItem],
  V1PriorityClass: [priorityClass, oneOf('preemptionPolicy', ['Never', 'PreemptLowerPriority'])],
}
