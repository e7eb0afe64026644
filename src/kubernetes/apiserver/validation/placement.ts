import { type FieldError, invalidValue, notSupported, required } from '../errors.ts'
import type { Obj } from '../json.ts'
import { needs, oneOf, type Rule, sub } from './rules.ts'

// Where pods go and as whom they run. Source: pkg/apis/core/validation of Kubernetes 1.35, from knowledge of its texts.

const HIGHEST = 2147483647

/** A number of a range, both ends in it. */
const between =
  (field: string, lowest: number, highest: number): Rule =>
  (value, path) =>
    value[field] !== undefined && (value[field] < lowest || value[field] > highest)
      ? [invalidValue(sub(path, field), value[field], `must be between ${lowest} and ${highest}, inclusive`)]
      : []

const ids = ['runAsUser', 'runAsGroup', 'fsGroup'].map((field) => between(field, 0, HIGHEST))

const toleration: Rule = (value, path) => {
  const errors: FieldError[] = []
  if (!value.key && value.operator !== 'Exists') {
    const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalidValue(sub(path, 'operator'), value.operator ?? '', why))
  }
  if (value.operator === 'Exists' && value.value) {
    const why = "value must be empty when `operator` is 'Exists'"
    errors.push(invalidValue(sub(path, 'operator'), value.value, why))
  }
  if (value.tolerationSeconds !== undefined && value.effect !== 'NoExecute') {
    const why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
    errors.push(invalidValue(sub(path, 'effect'), value.effect ?? '', why))
  }
  return errors
}

const spread: Rule = (value, path) => {
  const errors: FieldError[] = []
  if (value.maxSkew <= 0)
    errors.push(invalidValue(sub(path, 'maxSkew'), value.maxSkew, 'must be greater than zero'))
  if (value.minDomains !== undefined && value.minDomains <= 0)
    errors.push(invalidValue(sub(path, 'minDomains'), value.minDomains, 'must be greater than zero'))
  if (value.minDomains > 0 && value.whenUnsatisfiable !== 'DoNotSchedule') {
    const why = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${value.whenUnsatisfiable}`
    errors.push(invalidValue(sub(path, 'minDomains'), value.minDomains, why))
  }
  return errors
}

const nodeRequirement: Rule = ({ operator, values = [] }, path) => {
  const at = sub(path, 'values')
  if (operator === 'In' || operator === 'NotIn')
    return values.length === 0 ? [required(at, "must be specified when `operator` is 'In' or 'NotIn'")] : []
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
    return values.length > 0 ? [{ field: at, reason: 'FieldValueForbidden', body: `Forbidden: ${why}` }] : []
  }
  if (operator === 'Gt' || operator === 'Lt') {
    const why = "must be specified single value when `operator` is 'Lt' or 'Gt'"
    return values.length === 1 ? [] : [required(at, why)]
  }
  return [invalidValue(sub(path, 'operator'), operator ?? '', 'not a valid selector operator')]
}

/** Fields of a pod that its containers may have as variables. */
const FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

const fieldSource: Rule = ({ fieldRef }, path) => {
  if (!fieldRef?.fieldPath) return fieldRef ? [required(sub(path, 'fieldRef.fieldPath'))] : []
  const { fieldPath } = fieldRef
  if (FIELDS.includes(fieldPath) || /^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldPath)) return []
  const at = sub(path, 'fieldRef.fieldPath')
  if (/^metadata\.(labels|annotations)$/.test(fieldPath)) return [notSupported(at, fieldPath, FIELDS)]
  return [invalidValue(at, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)]
}

const RESOURCES = ['cpu', 'ephemeral-storage', 'memory']
  .flatMap((name) => [`limits.${name}`, `requests.${name}`])
  .sort()

const resourceSource: Rule = ({ resource }, path) => {
  if (!resource) return [required(sub(path, 'resource'))]
  const known = RESOURCES.includes(resource) || /^(limits|requests)\.hugepages-/.test(resource)
  return known ? [] : [notSupported(sub(path, 'resource'), resource, RESOURCES)]
}

/** What init containers that end by themselves have no use for. */
const initContainers: Rule = ({ initContainers: containers = [] }, path) =>
  (containers as Obj[]).flatMap((container, index) =>
    container.restartPolicy === 'Always'
      ? []
      : ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']
          .filter((field) => container[field])
          .map((field) => ({
            field: `${sub(path, 'initContainers')}[${index}].${field}`,
            reason: 'FieldValueForbidden' as const,
            body: 'Forbidden: may not be set for init containers without restartPolicy=Always',
          })),
  )

export const PLACEMENT_RULES: Record<string, Rule[]> = {
  V1PodSpec: [between('activeDeadlineSeconds', 1, HIGHEST), initContainers],
  V1PodSecurityContext: ids,
  V1SecurityContext: [
    ...ids,
    (value, path) =>
      value.privileged && value.allowPrivilegeEscalation === false
        ? [
            invalidValue(
              path,
              value,
              'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
            ),
          ]
        : [],
  ],
  V1Toleration: [toleration],
  V1TopologySpreadConstraint: [spread],
  V1NodeSelector: [needs('nodeSelectorTerms', 'must have at least one node selector term')],
  V1NodeSelectorRequirement: [nodeRequirement],
  V1PreferredSchedulingTerm: [weight()],
  V1WeightedPodAffinityTerm: [weight()],
  V1PodAffinityTerm: [needs('topologyKey', 'can not be empty')],
  V1EnvVarSource: [fieldSource],
  V1ResourceFieldSelector: [resourceSource],
  V1RuntimeClass: [needs('handler')],
  V1Taint: [oneOf('effect', ['NoExecute', 'NoSchedule', 'PreferNoSchedule'])],
}

function weight(): Rule {
  return (value, path) =>
    value.weight < 1 || value.weight > 100 || value.weight === undefined
      ? [invalidValue(sub(path, 'weight'), value.weight ?? 0, 'must be in the range 1-100')]
      : []
}
