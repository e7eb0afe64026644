import { equal } from '../../equality.ts'
import { invalidValue } from '../errors.ts'
import type { Obj } from '../json.ts'
import type { Strategy } from '../storage/strategy.ts'

/** Counts the templates that a set has had. Source: pkg/apis/apps/v1/conversion.go, pkg/registry/apps/daemonset/strategy.go. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation'

const generationOf = ({ metadata }: Obj): number =>
  Math.max(1, Number(metadata.annotations?.[TEMPLATE_GENERATION]) || 1)

function setGeneration(object: Obj, generation: number): void {
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) }
}

export const daemonSetStrategy: Strategy = {
  create: (object) => setGeneration(object, generationOf(object)),
  update: (object, old) => {
    const isSame = equal(object.spec.template, old.spec.template)
    setGeneration(object, generationOf(old) + (isSame ? 0 : 1))
  },
  validate: (object, old) =>
    old && !equal(object.spec.selector, old.spec.selector)
      ? [invalidValue('spec.selector', object.spec.selector, 'field is immutable')]
      : [],
}
