import { equal } from '../../equality.ts'
import { timestamp } from '../../time.ts'
import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import type { Json, Obj } from '../json.ts'
import type { Strategy } from '../storage/strategy.ts'
import { checkForm, FORMS } from '../validation/names.ts'
import { structuralErrors } from './structure.ts'

/** Holds a deleted definition until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

const SCOPES = ['Cluster', 'Namespaced']
const APPROVAL = 'api-approved.kubernetes.io'
const PROTECTED = /(^|\.)(k8s|kubernetes)\.io$/
const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']

/** How CustomResourceDefinitions differ from other objects. Models apiextensions-apiserver/pkg/apis/apiextensions/validation. */
export const definitionStrategy: Strategy = {
  create: (object) => {
    const storage = (object.spec?.versions ?? []).find((version: Obj) => version.storage)
    object.status = {
      conditions: [],
      acceptedNames: { plural: '', kind: '' },
      storedVersions: storage ? [storage.name] : [],
    }
  },
  update: (object, old) => {
    const storage = object.spec?.versions?.find((version: Obj) => version.storage)?.name
    const stored: string[] = old.status?.storedVersions ?? []
    if (storage && !stored.includes(storage)) {
      object.status = { ...old.status, storedVersions: [...stored, storage] }
    }
  },
  validate: (object, old) => [...definitionErrors(object), ...changeErrors(object, old)],
  held: (object) => !object.metadata.deletionTimestamp,
  markDeleted: (object) => {
    const { finalizers = [] } = object.metadata
    if (!finalizers.includes(CLEANUP)) object.metadata.finalizers = [...finalizers, CLEANUP]
    const conditions = (object.status?.conditions ?? []).filter(({ type }: Obj) => type !== 'Terminating')
    const condition = {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: object.metadata.deletionTimestamp ?? timestamp(0),
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    }
    object.status = { ...object.status, conditions: [...conditions, condition] }
  },
}

function definitionErrors({ metadata, spec }: Obj): FieldError[] {
  if (!spec) return [required('spec')]
  const errors: FieldError[] = []
  const { group, names = {}, versions = [], scope } = spec
  if (metadata.name !== `${names.plural}.${group}`)
    errors.push(invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'))
  if (group && PROTECTED.test(group) && !metadata.annotations?.[APPROVAL]) {
    const field = `metadata.annotations[${APPROVAL}]`
    errors.push(
      required(
        field,
        'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ),
    )
  }
  if (!group) errors.push(required('spec.group'))
  else {
    errors.push(...checkForm('spec.group', group, FORMS.subdomain))
    if (!group.includes('.'))
      errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'))
  }
  if (!scope) errors.push(required('spec.scope'))
  else if (!SCOPES.includes(scope)) errors.push(notSupported('spec.scope', scope, SCOPES))
  errors.push(...versionsErrors(versions), ...namesErrors(names))
  // With one version there is nothing to convert.
  if (spec.conversion?.strategy === 'Webhook' && versions.length > 1) {
    const why = 'conversion webhooks are not simulated by Drydock (see FIDELITY.md)'
    errors.push(forbiddenField('spec.conversion.strategy', why))
  }
  return errors
}

function versionsErrors(versions: Obj[]): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    const path = `spec.versions[${index}]`
    if (seen.has(version.name)) {
      errors.push(invalidValue(`${path}.name`, version.name, 'must be unique'))
    }
    seen.add(version.name)
    errors.push(...checkForm(`${path}.name`, version.name ?? '', FORMS.service))
    if (!version.schema?.openAPIV3Schema)
      errors.push(required(`${path}.schema.openAPIV3Schema`, 'schemas are required'))
  }
  const each = <T>(part: (version: Obj) => T, check: (version: Obj, of: string) => FieldError[]) => {
    // What all versions have alike stands above them in the form that upstream validates.
    const alike = versions.every((version) => equal(part(version), part(versions[0]!)))
    if (alike && versions[0]) errors.push(...check(versions[0], 'spec'))
    else
      for (const [index, version] of versions.entries())
        errors.push(...check(version, `spec.versions[${index}]`))
  }
  each(
    ({ schema }) => schema,
    ({ schema }, of) => {
      const path = of === 'spec' ? 'spec.validation' : `${of}.schema`
      return schema?.openAPIV3Schema
        ? structuralErrors(schema.openAPIV3Schema, `${path}.openAPIV3Schema`)
        : []
    },
  )
  each(({ subresources }) => subresources, scaleErrors)
  each(({ additionalPrinterColumns }) => additionalPrinterColumns, columnErrors)
  const count = versions.filter(({ storage }) => storage).length
  if (count !== 1)
    errors.push(
      invalidValue('spec.versions', versions, 'must have exactly one version marked as storage version'),
    )
  return errors
}

function columnErrors(version: Obj, path: string): FieldError[] {
  const columns: Obj[] = version.additionalPrinterColumns ?? []
  return columns.flatMap(({ name, type, jsonPath }, index) => {
    const here = `${path}.additionalPrinterColumns[${index}]`
    return [
      ...(name ? [] : [required(`${here}.name`)]),
      ...(type && !COLUMN_TYPES.includes(type) ? [notSupported(`${here}.type`, type, COLUMN_TYPES)] : []),
      ...(type ? [] : [required(`${here}.type`)]),
      ...(jsonPath ? [] : [required(`${here}.jsonPath`)]),
    ]
  })
}

function scaleErrors({ subresources }: Obj, path: string): FieldError[] {
  const scale = subresources?.scale
  if (!scale) return []
  const here = `${path}.subresources.scale`
  const wrong = (field: string, part: string) => {
    const value = scale[field]
    if (!value) return [required(`${here}.${field}`)]
    return value.startsWith(`.${part}.`)
      ? []
      : [invalidValue(`${here}.${field}`, value, `should be a json path under .${part}`)]
  }
  return [...wrong('specReplicasPath', 'spec'), ...wrong('statusReplicasPath', 'status')]
}

function namesErrors(names: Obj): FieldError[] {
  const errors: FieldError[] = []
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const name = names[field]
    if (name) errors.push(...checkForm(`spec.names.${field}`, name.toLowerCase(), FORMS.service))
    else errors.push(required(`spec.names.${field}`))
  }
  for (const field of ['shortNames', 'categories']) {
    for (const [index, name] of ((names[field] ?? []) as string[]).entries())
      errors.push(...checkForm(`spec.names.${field}[${index}]`, name, FORMS.service))
  }
  if (names.kind && names.kind === names.listKind) {
    errors.push(invalidValue('spec.names.listKind', names.listKind, 'kind and listKind may not be the same'))
  }
  return errors
}

function changeErrors(object: Obj, old: Obj | undefined): FieldError[] {
  if (!old || !object.spec) return []
  const errors: FieldError[] = []
  for (const path of ['scope', 'group']) {
    if (!equal(object.spec[path], old.spec[path]))
      errors.push(invalidValue(`spec.${path}`, object.spec[path], 'field is immutable'))
  }
  const versions = new Set((object.spec.versions ?? []).map((version: Json) => version.name))
  for (const [index, name] of ((old.status?.storedVersions ?? []) as string[]).entries()) {
    if (versions.has(name)) continue
    errors.push(
      invalidValue(
        `status.storedVersions[${index}]`,
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    )
  }
  return errors
}
