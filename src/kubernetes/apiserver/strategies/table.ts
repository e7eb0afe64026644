import { equal } from '../../equality.ts'
import { definitionStrategy } from '../custom/definition.ts'
import { forbiddenField, invalidValue } from '../errors.ts'
import { at } from '../json.ts'
import type { Strategy } from '../storage/strategy.ts'
import { jobStrategy } from './job.ts'
import { namespaceStrategy } from './namespace.ts'
import { podStrategy } from './pod.ts'
import { configMapStrategy, secretStrategy } from './secret.ts'
import { serviceStrategy } from './service.ts'

/** Fields that may not change once set. */
const immutable = (...paths: string[]): Strategy => ({
  validate: (object, old) =>
    old
      ? paths
          .filter((path) => !equal(at(object, path), at(old, path)))
          .map((path) => invalidValue(path, at(object, path), 'field is immutable'))
      : [],
})

/** Changes of a StatefulSet's spec are refused but for these. */
const STATEFUL_SET_MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

const statefulSet: Strategy = {
  validate: (object, old) => {
    if (!old) return []
    const rest = { ...object.spec }
    for (const field of STATEFUL_SET_MUTABLE) rest[field] = old.spec[field]
    if (equal(rest, old.spec)) return []
    const list = `'${STATEFUL_SET_MUTABLE.slice(0, -1).join("', '")}' and '${STATEFUL_SET_MUTABLE.at(-1)}'`
    return [forbiddenField('spec', `updates to statefulset spec for fields other than ${list} are forbidden`)]
  },
}

const roleBinding: Strategy = {
  validate: (object, old) =>
    old && !equal(object.roleRef, old.roleRef)
      ? [invalidValue('roleRef', object.roleRef, 'cannot change roleRef')]
      : [],
}

const pending: Strategy = {
  create: (object) => {
    object.status = { phase: 'Pending' }
  },
}

/** Kinds that behave in a way of their own; all others are handled by what the tables say. */
export const STRATEGIES: Record<string, Strategy> = {
  configmaps: configMapStrategy,
  'clusterrolebindings.rbac.authorization.k8s.io': roleBinding,
  'customresourcedefinitions.apiextensions.k8s.io': definitionStrategy,
  'daemonsets.apps': immutable('spec.selector'),
  'deployments.apps': immutable('spec.selector'),
  'ingressclasses.networking.k8s.io': immutable('spec.controller'),
  'jobs.batch': jobStrategy,
  namespaces: namespaceStrategy,
  persistentvolumeclaims: pending,
  persistentvolumes: pending,
  pods: podStrategy,
  'priorityclasses.scheduling.k8s.io': immutable('value', 'preemptionPolicy'),
  'replicasets.apps': immutable('spec.selector'),
  'rolebindings.rbac.authorization.k8s.io': roleBinding,
  secrets: secretStrategy,
  services: serviceStrategy,
  'statefulsets.apps': statefulSet,
  'storageclasses.storage.k8s.io': immutable(
    'provisioner',
    'parameters',
    'reclaimPolicy',
    'volumeBindingMode',
  ),
}
