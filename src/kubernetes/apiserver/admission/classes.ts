import { equal } from '../../equality.ts'
import { forbidden } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { AdmissionPlugin } from '../storage/strategy.ts'

// What classes give to the objects that name them, or to those that name none. Source: plugin/pkg/admission/{priority,storage/
// storageclass/setdefault,network/defaultingressclass,runtimeclass} of Kubernetes 1.35, from knowledge.

const CLASSES = 'priorityclasses.scheduling.k8s.io'

/** Resolves `priorityClassName` to its number, and keeps the default class the only one. */
export const priority: AdmissionPlugin = ({ operation, kind, name, object, subresource }, context) => {
  if (kind.plural === 'priorityclasses' && operation !== 'delete' && object.globalDefault) {
    const other = context.list(CLASSES).find((item) => item.globalDefault && item.metadata.name !== name)
    if (!other) return
    const why = `PriorityClass ${other.metadata.name} is already marked as default. Only one default can exist`
    throw forbidden(kind, name, why)
  }
  if (operation !== 'create' || kind.plural !== 'pods' || subresource || !object.spec) return
  const { spec } = object
  const found = spec.priorityClassName
    ? context.get(CLASSES, '', spec.priorityClassName)
    : context.list(CLASSES).find((item) => item.globalDefault)
  if (spec.priorityClassName && !found)
    throw forbidden(kind, name, `no PriorityClass with name ${spec.priorityClassName} was found`)
  const value = found?.value ?? 0
  if (spec.priority !== undefined && spec.priority !== value) {
    const why = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
    throw forbidden(kind, name, why)
  }
  if (found) spec.priorityClassName = found.metadata.name
  spec.priority = value
  spec.preemptionPolicy = found?.preemptionPolicy ?? 'PreemptLowerPriority'
}

/** The newest of the classes that an annotation makes the default. */
function defaultOf(classes: Obj[], annotation: string): Obj | undefined {
  const marked = classes.filter(({ metadata }) => metadata.annotations?.[annotation] === 'true')
  const time = ({ metadata }: Obj) => Date.parse(metadata.creationTimestamp)
  return marked.sort((a, b) => time(b) - time(a) || (a.metadata.name < b.metadata.name ? -1 : 1))[0]
}

/** Claims without a class get the default one. */
export const defaultStorageClass: AdmissionPlugin = ({ operation, kind, object }, context) => {
  if (operation !== 'create' || kind.plural !== 'persistentvolumeclaims' || !object.spec) return
  if (object.spec.storageClassName !== undefined) return
  const found = defaultOf(
    context.list('storageclasses.storage.k8s.io'),
    'storageclass.kubernetes.io/is-default-class',
  )
  if (found) object.spec.storageClassName = found.metadata.name
}

const OLD_CLASS = 'kubernetes.io/ingress.class'

/** Ingresses without a class get the default one. */
export const defaultIngressClass: AdmissionPlugin = ({ operation, kind, object, warn }, context) => {
  if (operation !== 'create' || kind.plural !== 'ingresses' || !object.spec) return
  if (object.metadata.annotations?.[OLD_CLASS] !== undefined) {
    warn(`annotation "${OLD_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`)
    return
  }
  if (object.spec.ingressClassName !== undefined) return
  const found = defaultOf(
    context.list('ingressclasses.networking.k8s.io'),
    'ingressclass.kubernetes.io/is-default-class',
  )
  if (found) object.spec.ingressClassName = found.metadata.name
}

/** A pod's runtime class must be there, and brings its overhead and where it runs. */
export const runtimeClass: AdmissionPlugin = ({ operation, kind, name, object, subresource }, context) => {
  if (operation !== 'create' || kind.plural !== 'pods' || subresource || !object.spec?.runtimeClassName)
    return
  const { spec } = object
  const found = context.get('runtimeclasses.node.k8s.io', '', spec.runtimeClassName)
  if (!found)
    throw forbidden(
      kind,
      name,
      `pod rejected: RuntimeClass ${JSON.stringify(spec.runtimeClassName)} not found`,
    )
  if (found.overhead?.podFixed) spec.overhead = found.overhead.podFixed
  const { nodeSelector, tolerations } = found.scheduling ?? {}
  for (const [key, value] of Object.entries<string>(nodeSelector ?? {})) {
    if (spec.nodeSelector?.[key] !== undefined && spec.nodeSelector[key] !== value) {
      const why = `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${spec.nodeSelector[key]}`
      throw forbidden(kind, name, why)
    }
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
  }
  const known: Obj[] = spec.tolerations ?? []
  const more = (tolerations ?? []).filter((item: Obj) => !known.some((other) => equal(other, item)))
  if (more.length > 0) spec.tolerations = [...known, ...more]
}
