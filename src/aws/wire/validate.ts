import type { Constraint, Constraints, ServiceConstraints } from './constraints.ts'
import type { OperationModel } from './model.ts'
import type { Served } from './served.ts'
import { type Violation, violationError } from './violation.ts'

/** Inputs nested deeper than this are not looked into; no real one comes near. */
const MAX_DEPTH = 64

/** Checks inputs against a service's constraints and answers in the service's own words. */
export class Validator {
  readonly #constraints: Constraints
  readonly #patterns = new Map<string, RegExp | undefined>()

  constructor(constraints: Constraints) {
    this.#constraints = constraints
  }

  /** Throws the service's validation error. */
  check({ service, model }: Served, operation: OperationModel, input: Record<string, unknown>): void {
    const table = this.#constraints[service.botocoreName]
    const name = table?.operations[operation.name]
    if (!table || name === undefined) return
    const violations: Violation[] = []
    this.#walk(table, table.shapes[name]!, input, [], violations, MAX_DEPTH)
    if (violations.length > 0) throw violationError(service.name, model.protocol, violations)
  }

  #walk(
    table: ServiceConstraints,
    constraint: Constraint,
    value: unknown,
    path: (string | number)[],
    found: Violation[],
    depth: number,
  ): void {
    if (depth === 0) return
    const inside = (name: string | undefined, inner: unknown, ...step: (string | number)[]) => {
      if (name !== undefined && inner !== undefined && inner !== null)
        this.#walk(table, table.shapes[name]!, inner, [...path, ...step], found, depth - 1)
    }
    if (Array.isArray(value)) {
      checkSize(constraint, value.length, 'length', value, path, found)
      if (constraint.item)
        for (const [index, item] of value.entries()) inside(constraint.item, item, index + 1)
    } else if (value instanceof Uint8Array) {
      checkSize(constraint, value.length, 'length', value, path, found)
    } else if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      const given = value as Record<string, unknown>
      for (const name of constraint.required ?? [])
        if (given[name] === undefined)
          found.push({ kind: 'missing', path: [...path, name], value: undefined })
      for (const [name, target] of Object.entries(constraint.members ?? {})) inside(target, given[name], name)
      if (constraint.members || constraint.required) return
      checkSize(constraint, Object.keys(given).length, 'length', value, path, found)
      for (const [key, item] of Object.entries(given)) {
        inside(constraint.key, key, 'key')
        inside(constraint.value, item, key)
      }
    } else if (typeof value === 'number') checkSize(constraint, value, 'value', value, path, found)
    else if (typeof value === 'string') this.#checkText(constraint, value, path, found)
  }

  #checkText(constraint: Constraint, value: string, path: (string | number)[], found: Violation[]): void {
    if (constraint.enum && !constraint.enum.includes(value))
      found.push({ kind: 'enum', path, value, allowed: constraint.enum })
    if (constraint.pattern !== undefined && this.#pattern(constraint.pattern)?.test(value) === false)
      found.push({ kind: 'pattern', path, value, pattern: constraint.pattern })
    checkSize(constraint, value.length, 'length', value, path, found)
  }

  /** Java's patterns match whole values. Those that JavaScript cannot read are not checked. */
  #pattern(source: string): RegExp | undefined {
    if (!this.#patterns.has(source)) {
      let regex: RegExp | undefined
      const translated = source
        .replaceAll('\\p{Print}', '[\\x20-\\x7e]')
        .replaceAll('\\p{Graph}', '[\\x21-\\x7e]')
      for (const flags of ['u', '']) {
        try {
          regex ??= new RegExp(`^(?:${translated})$`, flags)
        } catch {}
      }
      this.#patterns.set(source, regex)
    }
    return this.#patterns.get(source)
  }
}

function checkSize(
  { min, max }: Constraint,
  size: number,
  measure: 'length' | 'value',
  value: unknown,
  path: (string | number)[],
  found: Violation[],
): void {
  if (max !== undefined && size > max) found.push({ kind: 'max', path, value, limit: max, measure })
  if (min !== undefined && size < min) found.push({ kind: 'min', path, value, limit: min, measure })
}
