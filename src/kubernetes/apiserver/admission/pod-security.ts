import { equal } from '../../equality.ts'
import { forbidden, invalid, invalidValue } from '../errors.ts'
import { at, type Obj } from '../json.ts'
import { qualified } from '../kinds/kind.ts'
import type { AdmissionPlugin, AdmissionRequest, StrategyContext } from '../storage/strategy.ts'
import { type Level, violations } from './pod-security-checks.ts'

// Models k8s.io/pod-security-admission/admission.

const PREFIX = 'pod-security.kubernetes.io/'
const LEVELS = ['privileged', 'baseline', 'restricted']
const MODES = ['enforce', 'audit', 'warn']

/** Where the resources that make pods keep their template. */
const TEMPLATES: Record<string, string> = {
  'cronjobs.batch': 'spec.jobTemplate.spec.template.spec',
  'daemonsets.apps': 'spec.template.spec',
  'deployments.apps': 'spec.template.spec',
  'jobs.batch': 'spec.template.spec',
  podtemplates: 'template.spec',
  'replicasets.apps': 'spec.template.spec',
  replicationcontrollers: 'spec.template.spec',
  'statefulsets.apps': 'spec.template.spec',
}

interface Policy {
  level: Level
  /** `restricted:latest` */
  name: string
}

function policyOf(labels: Record<string, string> | undefined, mode: string): Policy {
  const level = (labels?.[PREFIX + mode] ?? 'privileged') as Level
  return { level, name: `${level}:${labels?.[`${PREFIX}${mode}-version`] ?? 'latest'}` }
}

const told = (level: Level, spec: Obj) =>
  violations(level, spec)
    .map(({ reason, detail }) => `${reason} (${detail})`)
    .join(', ')

/** Holds pods to the level that their namespace's labels name; warns of pod templates, and of pods that are there when a label is set. */
export const podSecurity: AdmissionPlugin = (request, context) => {
  const { operation, kind, namespace, object, old, subresource } = request
  if (operation === 'delete') return
  if (kind.group === '' && kind.plural === 'namespaces') return namespaceLabels(request, context)
  const isPod = kind.group === '' && kind.plural === 'pods'
  const path = isPod ? 'spec' : TEMPLATES[qualified(kind)]
  if (!path || (subresource && subresource !== 'ephemeralcontainers' && subresource !== 'resize')) return
  const spec = at(object, path)
  if (!spec || (old && equal(spec, at(old, path)))) return
  const labels = context.get('namespaces', '', namespace)?.metadata.labels
  if (isPod) {
    const { level, name } = policyOf(labels, 'enforce')
    const problems = told(level, spec)
    request.annotate(`${PREFIX}enforce-policy`, name)
    if (problems)
      throw forbidden(kind, request.name, `violates PodSecurity ${JSON.stringify(name)}: ${problems}`)
  }
  const audited = policyOf(labels, 'audit')
  const noted = told(audited.level, spec)
  if (noted)
    request.annotate(
      `${PREFIX}audit-violations`,
      `would violate PodSecurity ${JSON.stringify(audited.name)}: ${noted}`,
    )
  const { level, name } = policyOf(labels, 'warn')
  const problems = told(level, spec)
  if (problems) request.warn(`would violate PodSecurity ${JSON.stringify(name)}: ${problems}`)
}

function namespaceLabels(request: AdmissionRequest, context: StrategyContext): void {
  const { kind, name, object, old, warn } = request
  const labels: Record<string, string> = object.metadata.labels ?? {}
  const errors = MODES.flatMap((mode) => {
    const level = labels[PREFIX + mode]
    const version = labels[`${PREFIX}${mode}-version`]
    const field = (label: string) => `metadata.labels[${PREFIX}${label}]`
    return [
      ...(level !== undefined && !LEVELS.includes(level)
        ? [invalidValue(field(mode), level, `must be one of ${LEVELS.join(', ')}`)]
        : []),
      ...(version !== undefined && version !== 'latest' && !/^v1\.\d+$/.test(version)
        ? [invalidValue(field(`${mode}-version`), version, 'must be "latest" or "v1.x"')]
        : []),
    ]
  })
  if (errors.length > 0) throw invalid(kind, name, errors)
  const now = policyOf(labels, 'enforce')
  if (!old || now.level === 'privileged' || now.name === policyOf(old.metadata.labels, 'enforce').name) return
  const found = Map.groupBy(
    context.list('pods', name).flatMap((pod) => {
      const reasons = violations(now.level, pod.spec).map(({ reason }) => reason)
      return reasons.length > 0 ? [{ pod: pod.metadata.name as string, reasons: reasons.join(', ') }] : []
    }),
    ({ reasons }) => reasons,
  )
  if (found.size === 0) return
  warn(
    `existing pods in namespace ${JSON.stringify(name)} violate the new PodSecurity enforce level ${JSON.stringify(now.name)}`,
  )
  for (const [reasons, pods] of found) {
    const others = pods.length - 1
    const more = others === 0 ? '' : ` (and ${others} other pod${others > 1 ? 's' : ''})`
    warn(`${pods[0]!.pod}${more}: ${reasons}`)
  }
}
