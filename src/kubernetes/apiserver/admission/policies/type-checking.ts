import type { Controller } from '#world/controller.ts'
import { equal } from '../../../equality.ts'
import { type CelType, TypeChecker } from '../../cel/type-check.ts'
import type { Json, Obj } from '../../json.ts'
import type { Kind } from '../../kinds/kind.ts'
import { kindOf } from '../../kinds/registry.ts'
import { modelOf } from '../../schema/schema.ts'
import type { Objects } from '../../storage/objects.ts'
import { treeOf } from '../expressions.ts'

const POLICIES = 'validatingadmissionpolicies.admissionregistration.k8s.io'
/** A policy is checked against so many kinds at most. */
const MOST_KINDS = 10

/**
 * Writes into a policy's status what its expressions get wrong about the kinds that it matches.
 * Models pkg/controller/validatingadmissionpolicystatus and apiserver/pkg/admission/plugin/policy/validating/typechecking.go.
 */
export function policyTypeChecking(objects: Objects): Controller {
  const kind = kindOf(POLICIES)

  function reconcile(name: string): void {
    const policy = objects.get(kind, '', name)?.value as Obj | undefined
    if (!policy || policy.metadata.deletionTimestamp) return
    const warnings = warningsOf(policy, objects)
    const status = {
      ...policy.status,
      observedGeneration: policy.metadata.generation,
      typeChecking: warnings.length > 0 ? { expressionWarnings: warnings } : {},
    }
    if (equal(status, policy.status)) return
    objects.update(kind, '', name, (current: Json) => ({ ...current, status }) as Obj, {
      subresource: 'status',
    })
  }

  return {
    name: 'validatingadmissionpolicy-status',
    sources: [{ prefix: objects.prefix(kind), keys: ({ key }) => [key.split('/').at(-1)!] }],
    reconcile,
  }
}

function warningsOf({ spec }: Obj, objects: Objects): { fieldRef: string; warning: string }[] {
  const kinds = kindsOf(spec.matchConstraints?.resourceRules ?? [], objects)
  const { schema } = objects.context
  const paramKind = spec.paramKind && objects.kinds.objectKind(spec.paramKind.apiVersion, spec.paramKind.kind)
  const params: CelType = paramKind && !paramKind.custom ? { model: modelOf(schema, paramKind) } : 'dyn'
  return (spec.validations ?? []).flatMap((validation: Obj, index: number) =>
    (['expression', 'messageExpression'] as const).flatMap((field) => {
      const expression: string | undefined = validation[field]
      if (!expression) return []
      const found = kinds.flatMap((kind) => {
        const object: CelType = { model: modelOf(schema, kind) }
        const names: [string, CelType][] = [
          ['object', object],
          ['oldObject', object],
          ['params', params],
        ]
        const errors = errorsIn(expression, names, spec.variables ?? [])
        if (errors.length === 0) return []
        return [`${kind.group}/${kind.version}, Kind=${kind.kind}: ${errors.join('\n')}`]
      })
      return found.length > 0
        ? [{ fieldRef: `spec.validations[${index}].${field}`, warning: found.join('\n') }]
        : []
    }),
  )
}

function errorsIn(expression: string, names: [string, CelType][], variables: Obj[]): string[] {
  const fields: Record<string, CelType> = {}
  for (const { name, expression: text } of variables)
    fields[name] = new TypeChecker(text, [...names, ['variables', variablesType(fields)]]).check(treeOf(text))
  const checker = new TypeChecker(expression, [...names, ['variables', variablesType(fields)]])
  checker.check(treeOf(expression))
  return checker.errors
}

/** `variables`: what is not known of them may be anything. */
const variablesType = (fields: Record<string, CelType>): CelType => ({
  fields: new Map(Object.entries(fields)),
})

/** The kinds that rules name without wildcards; those of custom resources are not checked. */
function kindsOf(rules: Obj[], objects: Objects): Kind[] {
  const found = new Map<string, Kind>()
  for (const { apiGroups = [], apiVersions = [], resources = [] } of rules)
    for (const group of apiGroups)
      for (const version of apiVersions)
        for (const resource of resources) {
          if ([group, version, resource].some((part: string) => part.includes('*')) || resource.includes('/'))
            continue
          const kind = objects.kinds.at(group, version, resource)
          if (kind && !kind.custom && !kind.virtual) found.set(`${group}/${version}, Kind=${kind.kind}`, kind)
        }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, MOST_KINDS)
    .map(([, kind]) => kind)
}
