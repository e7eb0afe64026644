import type { Obj } from '../json.ts'
import type { ModelNode } from '../schema/schema.ts'
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

/** Fills in what a client left out, in place. Models pkg/apis/<group>/v1/defaults.go. */
export function applyDefaults(model: ModelNode, object: Obj): void {
  walker.walk(model, object)
}
