import type { CheckContext } from '../checker.ts'
import { KINDS, type Ruled } from './resources.ts'
import type { Rule } from './rule.ts'

/** Checks a company's rules, each as a finding; the first that does not hold ends the step. What is not there breaks no rule. */
export async function checkRules(rules: readonly Rule[], t: CheckContext): Promise<void> {
  for (const rule of rules) {
    const { id, title, resource, hint, lesson } = rule
    const { list, evidence } = KINDS[resource]
    const wrong = (await list(t)).flatMap((one) => faultOf(rule, one) ?? [])
    t.expect(wrong.length === 0, {
      id,
      title,
      expected: expected(rule),
      observed: wrong.join('; '),
      evidence,
      cause: 'A rule of your company, not of AWS: the step works, and would not be let through.',
      ...(hint !== undefined && { hint }),
      ...(lesson !== undefined && { lesson }),
    })
  }
}

/** What is wrong with a thing, if anything. */
export function faultOf({ name, tags = {} }: Rule, thing: Ruled): string | undefined {
  if (name !== undefined && !whole(name).test(thing.name)) return `${thing.name} has another name`
  for (const [key, value] of Object.entries(tags)) {
    const found = thing.tags[key]
    if (found === undefined) return `${thing.name} has no tag ${key}`
    if (!whole(value).test(found)) return `${thing.name} has ${key}=${found}`
  }
  return undefined
}

function expected({ name, tags }: Rule): string {
  const parts = [
    name !== undefined && `a name like ${name}`,
    ...Object.entries(tags ?? {}).map(([key, value]) => `a tag ${key} like ${value}`),
  ]
  return parts.filter(Boolean).join(', ')
}

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`)
