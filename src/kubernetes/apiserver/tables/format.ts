import type { Obj } from '../json.ts'

/** `a=1,b=2` in order of key. */
export const labelsText = (labels: Record<string, string> | undefined): string =>
  joined(
    Object.keys(labels ?? {})
      .sort()
      .map((key) => `${key}=${labels![key]}`),
  ) || '<none>'

export const joined = (parts: string[], separator = ','): string => parts.join(separator)

export const none = (parts: string[]): string => parts.join(',') || '<none>'

/** A `metav1.LabelSelector` as metav1.FormatLabelSelector writes it. */
export function formatSelector(selector: Obj | undefined): string {
  if (!selector) return '<none>'
  const terms = Object.entries((selector.matchLabels ?? {}) as Record<string, string>)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`
    if (operator === 'In') terms.push(`${key} in ${list}`)
    else if (operator === 'NotIn') terms.push(`${key} notin ${list}`)
    else terms.push(operator === 'Exists' ? key : `!${key}`)
  }
  return terms.join(',') || '<none>'
}

export const containerNames = (spec: Obj): string =>
  joined((spec.containers ?? []).map((container: Obj) => container.name))
export const containerImages = (spec: Obj): string =>
  joined((spec.containers ?? []).map((container: Obj) => container.image))
