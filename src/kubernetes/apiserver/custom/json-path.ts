import type { Json, Obj } from '../json.ts'

type Step = (values: Json[]) => Json[]

const STEP =
  /^(?:\.([\w$-]+(?:\\\.[\w$-]+)*)|\['([^']*)'\]|\["([^"]*)"\]|\.?\[(-?\d+|\*)\]|(\.\*)|\[\?\(@\.([\w.]+)\s*(==|!=)\s*(?:"([^"]*)"|'([^']*)'|(\w+))\)\])/

const childrenOf = (value: Json): Json[] =>
  Array.isArray(value) ? value : typeof value === 'object' && value !== null ? Object.values(value) : []

const member = (name: string): Step => {
  return (values) =>
    values.flatMap((value) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? [value[name]] : [],
    )
}

/**
 * A simple JSONPath as printer columns and scale paths have it: `.spec.a`, `['b.c']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 * Gives what the path finds; undefined for a path that cannot be read.
 */
export function jsonPath(path: string): ((object: Obj) => Json[]) | undefined {
  const steps: Step[] = []
  let rest = path.trim().replace(/^\{(.*)\}$/, '$1')
  while (rest !== '') {
    const match = rest.match(STEP)
    if (!match) return undefined
    const [all, name, single, double, index, star, field, operator, textA, textB, word] = match
    rest = rest.slice(all.length)
    const key = name?.replaceAll('\\.', '.') ?? single ?? double
    if (key !== undefined) steps.push(member(key))
    else if (star || index === '*') steps.push((values) => values.flatMap(childrenOf))
    else if (index !== undefined) {
      steps.push((values) =>
        values.flatMap((value) => (Array.isArray(value) ? value.slice(Number(index)).slice(0, 1) : [])),
      )
    } else {
      const wanted = textA ?? textB ?? word ?? ''
      const read = jsonPath(`.${field}`)!
      steps.push((values) =>
        values
          .flatMap(childrenOf)
          .filter((item) => (String(read(item)[0] ?? '') === wanted) === (operator === '==')),
      )
    }
  }
  return (object) => steps.reduce<Json[]>((values, step) => step(values), [object])
}
