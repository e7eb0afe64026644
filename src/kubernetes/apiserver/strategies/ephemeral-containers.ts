import { equal } from '../../equality.ts'
import { type FieldError, forbiddenField, valueNotFound } from '../errors.ts'
import type { Obj } from '../json.ts'

// Models ValidatePodEphemeralContainersUpdate and validateEphemeralContainers of pkg/apis/core/validation.

const FIELD = 'spec.ephemeralContainers'
const MIRROR = 'kubernetes.io/config.mirror'
/** What a container that comes last and never returns cannot have. */
const NOT_FOR_EPHEMERAL = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resources',
  'resizePolicy',
  'restartPolicy',
]

/** `/ephemeralcontainers` changes these and nothing else. */
export const withEphemeralContainers = (wanted: Obj, current: Obj): Obj => ({
  ...current,
  spec: { ...current.spec, ephemeralContainers: wanted.spec?.ephemeralContainers },
})

const isSet = (value: unknown) =>
  value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** What is wrong with the ephemeral containers of a pod that gets new ones. */
export function ephemeralContainerErrors(pod: Obj, old: Obj): FieldError[] {
  if (old.metadata.annotations?.[MIRROR]) {
    return [forbiddenField('', 'static pods do not support ephemeral containers')]
  }
  const containers: Obj[] = pod.spec.ephemeralContainers ?? []
  const targets = new Set(
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map(({ name }: Obj) => name),
  )
  const errors = containers.flatMap((container, index) => [
    ...(container.targetContainerName && !targets.has(container.targetContainerName)
      ? [valueNotFound(`${FIELD}[${index}].targetContainerName`, container.targetContainerName)]
      : []),
    ...NOT_FOR_EPHEMERAL.filter((field) => isSet(container[field])).map((field) =>
      forbiddenField(`${FIELD}[${index}].${field}`, 'cannot be set for an Ephemeral Container'),
    ),
  ])
  for (const before of (old.spec.ephemeralContainers ?? []) as Obj[]) {
    const after = containers.find(({ name }) => name === before.name)
    const what = !after ? 'removed' : equal(after, before) ? undefined : 'changed'
    if (!what) continue
    const name = JSON.stringify(before.name)
    errors.push(forbiddenField(FIELD, `existing ephemeral containers ${name} may not be ${what}\n`))
  }
  return errors
}
