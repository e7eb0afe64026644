import type { OperationModel } from './model.ts'

interface Route {
  operation: OperationModel
  segments: string[]
  /** `?tagging`-like constants of the template that the query must have. */
  constants: [string, string][]
}

export interface RouteMatch {
  operation: OperationModel
  labels: Record<string, string>
}

/** Finds REST operations by method and path; built once from the templates of a service. */
export class Routes {
  readonly #routes = new Map<string, Route[]>()

  constructor(operations: Iterable<OperationModel>) {
    for (const operation of operations) {
      const [path = '', query = ''] = operation.path.split('?')
      const route: Route = {
        operation,
        segments: path.split('/').slice(1),
        constants: [...new URLSearchParams(query)],
      }
      const group = this.#routes.get(operation.method) ?? []
      this.#routes.set(operation.method, group)
      group.push(route)
    }
    // Fixed text before labels, so that `/a/b` wins over `/a/{name}`.
    for (const group of this.#routes.values()) group.sort((a, b) => specificity(b) - specificity(a))
  }

  /** Throws URIError when the path is not properly percent-encoded. */
  match(method: string, path: string, query: string): RouteMatch | undefined {
    const segments = path
      .replace(/(?<=.)\/$/, '')
      .split('/')
      .slice(1)
    const parameters = new URLSearchParams(query)
    for (const route of this.#routes.get(method) ?? []) {
      const labels = matchSegments(route.segments, segments)
      if (
        labels &&
        route.constants.every(
          ([key, value]) => parameters.has(key) && (!value || parameters.get(key) === value),
        )
      )
        return { operation: route.operation, labels }
    }
    return undefined
  }
}

function matchSegments(template: string[], segments: string[]): Record<string, string> | undefined {
  const labels: Record<string, string> = {}
  for (const [index, part] of template.entries()) {
    if (part.startsWith('{')) {
      const greedy = part.endsWith('+}')
      const text = greedy ? segments.slice(index).join('/') : segments[index]
      if (!text) return undefined
      labels[part.slice(1, greedy ? -2 : -1)] = decodeURIComponent(text)
      if (greedy) return labels
    } else if (segments[index] !== part) return undefined
  }
  return template.length === segments.length ? labels : undefined
}

function specificity(route: Route): number {
  const fixed = route.segments.filter((part) => !part.startsWith('{')).length
  return fixed * 100 + route.segments.length + route.constants.length
}
