import { equal } from '../equality.ts'
import type { Deployment, PodTemplate, ReplicaSet } from '../objects.ts'
import { controllerReference } from '../pods.ts'
import { selects } from '../selectors.ts'
import { type ControlPlane, controlledBy } from './control-plane.ts'
import { rollingLimits, templateHash } from './replicas.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const DESIRED = 'deployment.kubernetes.io/desired-replicas'
const MAXIMUM = 'deployment.kubernetes.io/max-replicas'
export const HASH_LABEL = 'pod-template-hash'
/** Annotations of a Deployment that its ReplicaSets do not get. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  'deployment.kubernetes.io/revision-history',
  DESIRED,
  MAXIMUM,
  'deprecated.deployment.rollback.to',
])

export const revisionOf = (object: { metadata: { annotations?: Record<string, string> } }): bigint => {
  const text = object.metadata.annotations?.[REVISION] ?? ''
  return /^\d+$/.test(text) ? BigInt(text) : 0n
}

/** The revision after all of these. An int64 upstream: more than a number holds. */
export const nextRevision = (sets: ReplicaSet[]): bigint =>
  sets.map(revisionOf).reduce((newest, revision) => (revision > newest ? revision : newest), 0n) + 1n

/** Sum of the wanted or, with `field`, of the observed replicas. */
export const sum = (sets: ReplicaSet[], field?: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
  sets.reduce((total, set) => total + ((field ? set.status?.[field] : (set.spec.replicas ?? 1)) ?? 0), 0)

/** How many pods a rolling update may have at most. */
export const surgeOf = (deployment: Deployment): number =>
  deployment.spec.strategy?.type === 'Recreate'
    ? 0
    : rollingLimits(deployment.spec.strategy?.rollingUpdate, deployment.spec.replicas ?? 1).surge

export const unavailableOf = (deployment: Deployment): number =>
  deployment.spec.strategy?.type === 'Recreate'
    ? 0
    : Math.min(
        rollingLimits(deployment.spec.strategy?.rollingUpdate, deployment.spec.replicas ?? 1).unavailable,
        deployment.spec.replicas ?? 1,
      )

const created = (set: ReplicaSet): string => `${set.metadata.creationTimestamp}/${set.metadata.name}`

/** A Deployment's ReplicaSets, oldest first; adopts what its selector picks and nobody manages. */
export function ownSets(plane: ControlPlane, deployment: Deployment): ReplicaSet[] {
  const { api, looseSets } = plane
  const { namespace, uid, deletionTimestamp } = deployment.metadata
  const own: ReplicaSet[] = []
  for (const set of controlledBy<ReplicaSet>(plane, 'replicasets.apps', deployment.metadata)) {
    if (selects(deployment.spec.selector, set.metadata.labels)) own.push(set)
    else {
      const ownerReferences = set.metadata.ownerReferences?.filter((reference) => reference.uid !== uid)
      api.update('replicasets.apps', { ...set, metadata: { ...set.metadata, ownerReferences } })
    }
  }
  for (const set of deletionTimestamp ? [] : looseSets.select(namespace!, deployment.spec.selector)) {
    if (set.metadata.deletionTimestamp) continue
    const ownerReferences = [...(set.metadata.ownerReferences ?? []), controllerReference(deployment)]
    own.push(api.update('replicasets.apps', { ...set, metadata: { ...set.metadata, ownerReferences } }))
  }
  return own.sort((a, b) => (created(a) < created(b) ? -1 : 1))
}

const withoutHash = (template: PodTemplate | undefined): PodTemplate => {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {}
  return { ...template, metadata: { ...template?.metadata, labels } }
}

/** The oldest ReplicaSet whose template is the Deployment's present one. */
export const findNewSet = (deployment: Deployment, sets: ReplicaSet[]): ReplicaSet | undefined =>
  sets.find((set) => equal(withoutHash(set.spec.template), withoutHash(deployment.spec.template)))

/** The annotations that a ReplicaSet takes from its Deployment, on top of those it has. */
function annotationsFor(
  deployment: Deployment,
  set: ReplicaSet | undefined,
  revision: bigint,
): Record<string, string> {
  const own = set?.metadata.annotations ?? {}
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key))
  const history = own['deployment.kubernetes.io/revision-history']
  const old = revisionOf({ metadata: { annotations: own } })
  return {
    ...own,
    ...Object.fromEntries(copied),
    ...(old > 0 && old < revision
      ? { 'deployment.kubernetes.io/revision-history': history ? `${history},${old}` : String(old) }
      : {}),
    [REVISION]: String(old > revision ? old : revision),
  }
}

/** The annotations by which proportional scaling knows the size that a ReplicaSet was made for. */
export const sizeAnnotations = (deployment: Deployment): Record<string, string> => ({
  [DESIRED]: String(deployment.spec.replicas ?? 1),
  [MAXIMUM]: String((deployment.spec.replicas ?? 1) + surgeOf(deployment)),
})

export const maximumOf = (set: ReplicaSet): number | undefined => {
  const value = set.metadata.annotations?.[MAXIMUM]
  return value === undefined ? undefined : Number(value)
}

export const desiredOf = (set: ReplicaSet): number | undefined => {
  const value = set.metadata.annotations?.[DESIRED]
  return value === undefined ? undefined : Number(value)
}

/** Brings the annotations of the present ReplicaSet up to date: its revision becomes the newest. */
export function refreshSet(
  { api }: ControlPlane,
  deployment: Deployment,
  set: ReplicaSet,
  revision: bigint,
): ReplicaSet {
  const annotations = annotationsFor(deployment, set, revision)
  const minReadySeconds = deployment.spec.minReadySeconds
  if (
    equal(annotations, set.metadata.annotations) &&
    (set.spec.minReadySeconds ?? 0) === (minReadySeconds ?? 0)
  ) {
    return set
  }
  return api.update('replicasets.apps', {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec, minReadySeconds },
  })
}

/** A ReplicaSet for the Deployment's present template. */
export function newSet(deployment: Deployment, revision: bigint, replicas: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec
  const hash = templateHash(template, deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: { ...annotationsFor(deployment, undefined, revision), ...sizeAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  } as unknown as ReplicaSet
}
