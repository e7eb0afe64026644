import { isObject, splitAttribute } from './parse.ts'

/** A use of something else of the template: `Ref` to a parameter or resource, `Fn::GetAtt` to an attribute, a condition by name. */
export type Reference =
  | { kind: 'ref'; name: string }
  | { kind: 'attribute'; name: string; attribute: string }
  | { kind: 'condition'; name: string }

const PLACEHOLDER = /\$\{([^!}][^}]*)\}/g

/** What a value of a template refers to, at any depth. */
export function* referencesOf(value: unknown): Generator<Reference> {
  if (Array.isArray(value)) {
    for (const item of value) yield* referencesOf(item)
    return
  }
  if (!isObject(value)) return
  const keys = Object.keys(value)
  const [key] = keys
  if (keys.length === 1 && key !== undefined) {
    const argument = value[key]
    if (key === 'Ref' && typeof argument === 'string') return yield { kind: 'ref', name: argument }
    if (key === 'Condition' && typeof argument === 'string')
      return yield { kind: 'condition', name: argument }
    if (key === 'Fn::GetAtt') return yield attributeReference(argument)
    if (key === 'Fn::Sub') return yield* substitutions(argument)
    if (key === 'Fn::If' && Array.isArray(argument) && typeof argument[0] === 'string')
      yield { kind: 'condition', name: argument[0] }
  }
  for (const item of Object.values(value)) yield* referencesOf(item)
}

function attributeReference(argument: unknown): Reference {
  const [name, attribute] =
    typeof argument === 'string' ? splitAttribute(argument) : (argument as [string, unknown])
  return { kind: 'attribute', name: String(name), attribute: typeof attribute === 'string' ? attribute : '' }
}

function* substitutions(argument: unknown): Generator<Reference> {
  const [text, local] = Array.isArray(argument) ? argument : [argument, {}]
  yield* referencesOf(local)
  if (typeof text !== 'string') return
  for (const [, raw = ''] of text.matchAll(PLACEHOLDER)) {
    const name = raw.trim()
    if (isObject(local) && name in local) continue
    if (name.includes('.')) {
      const [resource, attribute] = splitAttribute(name)
      yield { kind: 'attribute', name: resource, attribute }
    } else yield { kind: 'ref', name }
  }
}

/** Replaces the placeholders of a `Fn::Sub` text; `${!Literal}` stays as `${Literal}`. */
export function substitute(text: string, value: (name: string) => string): string {
  return text
    .replace(PLACEHOLDER, (_, name: string) => value(name.trim()))
    .replace(/\$\{!([^}]*)\}/g, (_, literal: string) => `\${${literal}}`)
}

/** The logical ids that each resource must wait for, among `resources`. */
export function dependenciesOf(
  resource: { Properties?: unknown; DependsOn?: string | string[] },
  isResource: (name: string) => boolean,
): string[] {
  const named = [resource.DependsOn ?? []].flat()
  const referred = [...referencesOf(resource.Properties)].flatMap((one) =>
    one.kind === 'condition' ? [] : [one.name],
  )
  return [...new Set([...named, ...referred])].filter(isResource)
}
