import { parse } from 'just-bash'
import { type Dialect, ShellError } from './state.ts'
import type { ScriptNode, SimpleCommandNode, StatementNode } from './syntax.ts'
import { syntaxMessage, syntaxProblem } from './syntax-error.ts'

/** Parses a script. Throws ShellError with the shell's text. */
export function parseScript(text: string, dialect: Dialect): ScriptNode {
  try {
    return parse(text)
  } catch (error) {
    throw new ShellError(syntaxMessage(syntaxProblem(error as Error, text), dialect))
  }
}

/** The one simple command of a script without anything around it. */
export function singleCommand(statements: readonly StatementNode[]): SimpleCommandNode | undefined {
  const [statement] = statements
  if (statements.length !== 1 || !statement || statement.background || statement.deferredError)
    return undefined
  const [pipeline] = statement.pipelines
  if (statement.pipelines.length !== 1 || !pipeline || pipeline.negated || pipeline.timed) return undefined
  const [command] = pipeline.commands
  return pipeline.commands.length === 1 && command?.type === 'SimpleCommand' ? command : undefined
}
