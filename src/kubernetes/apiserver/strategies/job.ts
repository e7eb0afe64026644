import { equal } from '../../equality.ts'
import { invalidValue } from '../errors.ts'
import { internalTemplate } from '../schema/internal-form.ts'
import type { Strategy } from '../storage/strategy.ts'

/** A Job's pods are told apart by the Job's uid, unless the client manages the selector itself. */
export const jobStrategy: Strategy = {
  create: (object) => {
    const { spec, metadata } = object
    if (!spec?.template || spec.manualSelector) return
    const { uid, name } = metadata
    spec.selector ??= { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }
    spec.template.metadata = {
      ...spec.template.metadata,
      labels: {
        ...spec.template.metadata?.labels,
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': name,
        'controller-uid': uid,
        'job-name': name,
      },
    }
    // What is read back has the template's labels where it has none of its own.
    metadata.labels ??= { ...spec.template.metadata.labels }
  },
  validate: (object, old, { schema }) => {
    if (!old) return []
    const shown = (field: string) =>
      field === 'template' ? internalTemplate(schema, object.spec.template) : object.spec[field]
    return ['completions', 'selector', 'template', 'completionMode']
      .filter(
        (field) => !equal(object.spec[field], old.spec[field]) && !(old.spec.suspend && field === 'template'),
      )
      .map((field) => invalidValue(`spec.${field}`, shown(field), 'field is immutable'))
  },
}
