import { equal } from '../../equality.ts'
import { bindingErrors, policyErrors } from '../admission/policies/validation.ts'
import { configurationErrors } from '../admission/webhooks/validation.ts'
import { definitionStrategy } from '../custom/definition.ts'
import { difference } from '../difference.ts'
import { forbiddenField, invalidValue } from '../errors.ts'
import { at, type Obj } from '../json.ts'
import { compareQuantities } from '../quantity.ts'
import { internalForm } from '../schema/internal-form.ts'
import type { Strategy } from '../storage/strategy.ts'
import { volumeSources } from '../validation/storage.ts'
import { certificateStrategy } from './certificate.ts'
import { daemonSetStrategy } from './daemon-set.ts'
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
  validate: (object, old, { schema }) =>
    old && !equal(object.roleRef, old.roleRef)
      ? [
          invalidValue(
            'roleRef',
            internalForm(schema.model('V1RoleRef'), object.roleRef),
            'cannot change roleRef',
          ),
        ]
      : [],
}

const pending: Strategy = {
  create: (object) => {
    object.status = { phase: 'Pending' }
  },
}

const claim: Strategy = {
  ...pending,
  validate: (object, old, { schema }) => {
    if (!old) return []
    const { resources, volumeAttributesClassName: _, ...rest } = object.spec
    const { resources: before, volumeAttributesClassName, ...kept } = old.spec
    const mayChange = { resources: before, volumeAttributesClassName }
    // The binder fills in the volume once, and may give a class to a claim that had none.
    const fixed: Obj = { ...kept }
    for (const field of ['volumeName', 'storageClassName']) if (!fixed[field]) fixed[field] = rest[field]
    if (!equal(rest, fixed)) {
      const why =
        'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
      const internal = (spec: Obj) =>
        internalForm(schema.model('V1PersistentVolumeClaimSpec'), { ...mayChange, ...spec })
      return [forbiddenField('spec', `${why}\n${difference(internal(fixed), internal(rest))}`)]
    }
    const [size, now] = [resources?.requests?.storage ?? '0', before?.requests?.storage ?? '0']
    return compareQuantities(size, now) < 0 &&
      compareQuantities(size, old.status?.capacity?.storage ?? now) < 0
      ? [forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity')]
      : []
  },
}

const volume: Strategy = {
  ...pending,
  validate: (object, old, { schema }) => {
    if (!old) return []
    const sources = (spec: Obj) => volumeSources(spec).map((name) => [name, spec[name]])
    if (equal(sources(object.spec), sources(old.spec))) return []
    const internal = (spec: Obj) =>
      internalForm(schema.model('V1PersistentVolumeSpec'), spec, 'PersistentVolumeSource')
    const why = 'spec.persistentvolumesource is immutable after creation'
    return [
      forbiddenField(
        'spec.persistentvolumesource',
        `${why}\n${difference(internal(old.spec), internal(object.spec))}`,
      ),
    ]
  },
}

const storageClass: Strategy = {
  validate: (object, old) => {
    if (!old) return []
    const errors = ['parameters', 'provisioner', 'reclaimPolicy']
      .filter((field) => !equal(object[field], old[field]))
      .map((field) => forbiddenField(field, `updates to ${field} are forbidden.`))
    if (object.volumeBindingMode !== old.volumeBindingMode)
      errors.push(invalidValue('volumeBindingMode', object.volumeBindingMode, 'field is immutable'))
    return errors
  },
}

/** Kinds that behave in a way of their own; all others are handled by what the tables say. */
export const STRATEGIES: Record<string, Strategy> = {
  configmaps: configMapStrategy,
  'certificatesigningrequests.certificates.k8s.io': certificateStrategy,
  'clusterrolebindings.rbac.authorization.k8s.io': roleBinding,
  'customresourcedefinitions.apiextensions.k8s.io': definitionStrategy,
  'daemonsets.apps': daemonSetStrategy,
  'deployments.apps': immutable('spec.selector'),
  'ingressclasses.networking.k8s.io': immutable('spec.controller'),
  'jobs.batch': jobStrategy,
  namespaces: namespaceStrategy,
  persistentvolumeclaims: claim,
  persistentvolumes: volume,
  pods: podStrategy,
  'endpointslices.discovery.k8s.io': immutable('addressType'),
  'priorityclasses.scheduling.k8s.io': immutable('value', 'preemptionPolicy'),
  'replicasets.apps': immutable('spec.selector'),
  'resourceclaims.resource.k8s.io': immutable('spec'),
  'resourceclaimtemplates.resource.k8s.io': immutable('spec'),
  'rolebindings.rbac.authorization.k8s.io': roleBinding,
  secrets: secretStrategy,
  services: serviceStrategy,
  'statefulsets.apps': statefulSet,
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    create: (object) => {
      object.status = { observedGeneration: 1, typeChecking: {} }
    },
    validate: (object) => policyErrors(object),
  },
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': {
    validate: (object) => configurationErrors(object),
  },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': {
    validate: (object) => configurationErrors(object),
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    validate: (object) => bindingErrors(object),
  },
  'storageclasses.storage.k8s.io': storageClass,
}
