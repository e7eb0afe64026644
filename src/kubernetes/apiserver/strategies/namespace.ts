import type { Strategy } from '../storage/strategy.ts'

/** A namespace carries its name as a label, and `spec.finalizers` holds it until its content is gone. */
export const namespaceStrategy: Strategy = {
  create: (object) => {
    const finalizers: string[] = object.spec?.finalizers ?? []
    object.spec = {
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    }
    object.status = { phase: 'Active' }
    if (object.metadata.name) {
      object.metadata.labels = {
        ...object.metadata.labels,
        'kubernetes.io/metadata.name': object.metadata.name,
      }
    }
  },
  update: (object, old) => {
    object.spec = old.spec
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': old.metadata.name }
  },
  held: (object) => (object.spec?.finalizers?.length ?? 0) > 0,
  markDeleted: (object) => {
    object.status = { ...object.status, phase: 'Terminating' }
  },
}
