import { Environment } from '@marcbachmann/cel-js'
import { withLibrary } from './library.ts'
import { type Evaluation, metered } from './meter.ts'
import type { CelNode } from './positions.ts'

/** Evaluates an expression. */
export interface Program {
  (context: Record<string, unknown>): Evaluation
  readonly tree: CelNode
}

/** A string literal, or a call of CEL's `matches` as a method. */
const MATCHES = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.matches\s*\(/g

/** The library's own `matches` uses expressions that may take exponential time. */
const withRe2 = (expression: string) =>
  expression.replace(MATCHES, (found) => (found.startsWith('.') ? '.re2Matches(' : found))

/** Programs kept; the same few expressions are used over and over. */
const KEPT = 5000

/** Compiles expressions that may use some variables, each once. */
export class Compiler {
  readonly #variables: Record<string, string>
  readonly #extend: (environment: Environment) => Environment
  readonly #programs = new Map<string, Program>()
  #environment: Environment | undefined

  /** `variables` by name with their CEL type; `extend` adds types and functions. */
  constructor(
    variables: Record<string, string>,
    extend: (environment: Environment) => Environment = (environment) => environment,
  ) {
    this.#variables = variables
    this.#extend = extend
  }

  /** Throws what CEL finds wrong with the expression. */
  compile(expression: string): Program {
    let program = this.#programs.get(expression)
    if (!program) {
      this.#environment ??= this.#make()
      const parsed = this.#environment.parse(withRe2(expression))
      const checked = parsed.check()
      if (!checked.valid) throw checked.error ?? new Error('the expression has no type')
      const tree = parsed.ast as unknown as CelNode
      const run = metered(tree)
      program = Object.assign((context: Record<string, unknown>) => run(() => parsed(context)), { tree })
      if (this.#programs.size > KEPT) this.#programs.clear()
      this.#programs.set(expression, program)
    }
    return program
  }

  #make(): Environment {
    const environment = this.#extend(
      withLibrary(
        new Environment({
          unlistedVariablesAreDyn: false,
          homogeneousAggregateLiterals: false,
          enableOptionalTypes: true,
        }),
      ),
    )
    for (const [name, type] of Object.entries(this.#variables)) environment.registerVariable(name, type)
    return environment
  }
}

/** The first line of CEL's error; the others point into the expression. */
export const firstLine = (error: unknown): string =>
  ((error as Error).message ?? String(error)).split('\n')[0]!

/** What went wrong, in the words of Kubernetes' CEL. */
export function faultOf(error: unknown): string {
  const text = firstLine(error)
  const unknown = text.match(/^Unknown variable: (.+)$/)
  if (unknown) return `undeclared reference to '${unknown[1]}' (in container '')`
  return text
    .replace(/^No such key: index out of bounds, index (\d+).*$/, 'index out of bounds: $1')
    .replace(/^No such/, 'no such')
}
