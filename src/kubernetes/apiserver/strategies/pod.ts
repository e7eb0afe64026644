import { equal } from '../../equality.ts'
import { difference } from '../difference.ts'
import { type FieldError, forbiddenField } from '../errors.ts'
import { clone, type Json, type Obj } from '../json.ts'
import { internalPodSpec } from '../schema/internal-form.ts'
import type { Schema } from '../schema/schema.ts'
import type { Strategy } from '../storage/strategy.ts'
import { ephemeralContainerErrors } from './ephemeral-containers.ts'
import { resizeErrors } from './pod-resize.ts'
import { qosClass } from './qos.ts'

const MUTABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** Takes over what may change, so that anything else that differs shows. */
function withMutable(spec: Obj, old: Obj): Obj {
  const masked = clone(spec)
  for (const field of ['containers', 'initContainers']) {
    masked[field]?.forEach((container: Json, index: number) => {
      const before = old[field]?.[index]
      if (before) container.image = before.image
    })
  }
  for (const field of ['activeDeadlineSeconds', 'terminationGracePeriodSeconds']) masked[field] = old[field]
  const kept = (old.tolerations ?? []).every((toleration: Json) =>
    (spec.tolerations ?? []).some((given: Json) => equal(given, toleration)),
  )
  if (kept) masked.tolerations = old.tolerations
  if (old.schedulingGates && !spec.nodeName) {
    masked.schedulingGates = old.schedulingGates
    masked.nodeSelector = old.nodeSelector
  }
  return masked
}

function updateErrors(object: Obj, old: Obj, schema: Schema): FieldError[] {
  const count = (pod: Obj) => pod.spec.containers.length
  if (count(object) !== count(old))
    return [forbiddenField('spec.containers', 'pod updates may not add or remove containers')]
  const masked = withMutable(object.spec, old.spec)
  if (equal(masked, old.spec)) return []
  const change = difference(internalPodSpec(schema, old.spec), internalPodSpec(schema, masked))
  return [forbiddenField('spec', `${MUTABLE}\n${change}`)]
}

const createErrors = ({ spec }: Obj): FieldError[] =>
  spec.ephemeralContainers?.length > 0
    ? [forbiddenField('spec.ephemeralContainers', 'cannot be set on create')]
    : []

export const podStrategy: Strategy = {
  create: (object) => {
    object.status = { phase: 'Pending', qosClass: object.spec ? qosClass(object.spec) : 'BestEffort' }
  },
  validate: (object, old, { schema }) => (old ? updateErrors(object, old, schema) : createErrors(object)),
  subresources: { ephemeralcontainers: ephemeralContainerErrors, resize: resizeErrors },
  // Models registry/core/pod.CheckGracefulDelete.
  graceSeconds: (object, requested) => {
    const phase = object.status?.phase
    if (!object.spec.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0
    const period = requested ?? object.spec.terminationGracePeriodSeconds ?? 30
    return period < 0 ? 1 : period
  },
}
