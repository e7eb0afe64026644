import type { FieldError } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
import { Walker } from '../schema/walk.ts'
import type { Rule } from './rules.ts'
import { RULES } from './table.ts'

const run = (rules: Rule[]) => (value: Obj, path: string, errors: FieldError[]) => {
  for (const rule of rules) errors.push(...rule(value, path))
}

const walker = new Walker(
  Object.fromEntries(Object.entries(RULES).map(([model, rules]) => [model, run(rules)])),
)

/** Checks an object by the rules of every model in it. Models pkg/apis/<group>/validation. */
export function validateModel(model: ModelNode, object: Obj): FieldError[] {
  const errors: FieldError[] = []
  walker.walk(model, object, errors)
  return errors
}
