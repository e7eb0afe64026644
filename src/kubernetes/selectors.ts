import type { LabelSelector, NodeSelectorTerm } from './objects.ts'

type Labels = Record<string, string> | undefined

/** Whether labels have all of `wanted`: a Service's selector, a node selector. */
export function hasLabels(labels: Labels, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels?.[key] === value)
}

interface Requirement {
  key: string
  operator: string
  values?: string[]
}

/** One `matchExpressions` entry, of labels or of nodes (`Gt` and `Lt` compare whole numbers). */
export function meets(labels: Labels, { key, operator, values = [] }: Requirement): boolean {
  const value = labels?.[key]
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0])
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0])
    default:
      return false
  }
}

/** `metav1.LabelSelector`: none selects nothing, an empty one everything. */
export function selects(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false
  return (
    hasLabels(labels, selector.matchLabels ?? {}) &&
    (selector.matchExpressions ?? []).every((requirement) => meets(labels, requirement))
  )
}

/** One term of a node selector; an empty term matches no node. */
export function nodeMatchesTerm(node: { name: string; labels: Labels }, term: NodeSelectorTerm): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  return (
    expressions.every((requirement) => meets(node.labels, requirement)) &&
    fields.every((requirement) => meets({ 'metadata.name': node.name }, requirement))
  )
}
