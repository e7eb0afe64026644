import { equal } from '../../equality.ts'
import { type FieldError, forbiddenField, invalidValue } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import { qosClass } from './qos.ts'

// Models podResizeStrategy of registry/core/pod and ValidatePodResize of pkg/apis/core/validation.

const MIRROR = 'kubernetes.io/config.mirror'
const RESIZABLE = ['cpu', 'memory']

/** `/resize` changes the resources of the containers and nothing else. */
export function withResources(wanted: Obj, current: Obj): Obj {
  const merged = (field: string) =>
    current.spec?.[field]?.map((container: Obj) => {
      const given = wanted.spec?.[field]?.find(({ name }: Obj) => name === container.name)
      return given ? { ...container, resources: given.resources ?? {} } : container
    })
  const initContainers = merged('initContainers')
  const spec = { ...current.spec, containers: merged('containers') }
  return { ...current, spec: { ...spec, ...(initContainers && { initContainers }) } }
}

/** Why a pod's containers cannot get these resources while they run. */
export function resizeErrors(pod: Obj, old: Obj): FieldError[] {
  if (old.metadata.annotations?.[MIRROR]) return [forbiddenField('', 'static pods cannot be resized')]
  const errors: FieldError[] = []
  const before = old.status?.qosClass ?? qosClass(old.spec)
  if (qosClass(pod.spec) !== before) {
    errors.push(invalidValue('spec', before, 'Pod QOS Class may not change as a result of resizing'))
  }
  for (const field of ['initContainers', 'containers']) {
    for (const [index, container] of ((pod.spec[field] ?? []) as Obj[]).entries()) {
      errors.push(...containerErrors(container, old.spec[field][index], field, index))
    }
  }
  return errors
}

function containerErrors(container: Obj, old: Obj, field: string, index: number): FieldError[] {
  const init = field === 'initContainers'
  if (init && container.restartPolicy !== 'Always') {
    return equal(container.resources ?? {}, old.resources ?? {})
      ? []
      : [forbiddenField('spec', 'resources for non-sidecar init containers are immutable')]
  }
  const path = `spec.${field}[${index}].resources`
  const errors: FieldError[] = []
  for (const part of ['requests', 'limits']) {
    const [now, then] = [container.resources?.[part] ?? {}, old.resources?.[part] ?? {}]
    if (Object.keys(then).some((name) => now[name] === undefined)) {
      errors.push(forbiddenField(`${path}.${part}`, `resource ${part} cannot be removed`))
    }
    if (!equal(others(now), others(then))) {
      const whose = init ? ' for sidecar containers' : ''
      errors.push(forbiddenField('spec', `only cpu and memory resources${whose} are mutable`))
    }
  }
  return errors
}

/** Resources that no running container can change. */
const others = (quantities: Record<string, Json>) =>
  Object.fromEntries(Object.entries(quantities).filter(([name]) => !RESIZABLE.includes(name)))
