import type { Obj } from '../json.ts'
import type { Kind } from '../kinds/kind.ts'
import type { Schema } from '../schema/schema.ts'
import { Walker } from '../schema/walk.ts'
import { DEFAULTS } from './table.ts'

const walker = new Walker(
  Object.fromEntries(
    Object.entries(DEFAULTS).map(([model, steps]) => [
      model,
      (value: Obj) => {
        for (const step of steps) step(value)
      },
    ]),
  ),
)

/** In Go these are structs, which are always there. */
const STRUCTS = ['spec', 'roleRef', 'template']

/** Fills in what a client left out, in place. Models pkg/apis/<group>/v1/defaults.go. */
export function fillDefaults(schema: Schema, kind: Kind, object: Obj): void {
  if (kind.custom) return kind.custom.default(object)
  const model = schema.model(kind.model)
  for (const name of STRUCTS) if (model.fields.get(name)?.type.kind === 'model') object[name] ??= {}
  walker.walk(model, object)
}
