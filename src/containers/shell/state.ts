import type { Reader, Writer } from '../processes/pipe.ts'
import type { Process } from '../processes/process.ts'
import type { ResourceLimit } from '../runtime.ts'
import type { Command } from './syntax.ts'

/** An open file descriptor of the shell. */
export interface Descriptor {
  reader?: Reader
  writer?: Writer
}

export type Descriptors = Map<number, Descriptor>

/** What a closed descriptor reads and writes. */
export const NO_READER: Reader = { read: async () => undefined, unread: () => {} }
export const NO_WRITER: Writer = { write: async () => {} }

export interface Job {
  id: number
  process: Process
  text: string
}

/** Options of `set`. */
export interface ShellOptions {
  errexit: boolean
  nounset: boolean
  xtrace: boolean
  noglob: boolean
  pipefail: boolean
}

/** Which shell it plays: what its messages and extensions are. */
export interface Dialect {
  /** `sh`, `bash`: the name in messages. */
  name: string
  bash: boolean
  /** `ash: x: not found` and `sh: 1: x: not found` differ. */
  kind: 'bash' | 'dash' | 'ash'
}

/** Everything that a subshell copies. */
export class ShellState {
  variables = new Map<string, string>()
  exported = new Set<string>()
  readonlyNames = new Set<string>()
  functions = new Map<string, Command<'FunctionDef'>['body']>()
  aliases = new Map<string, string>()
  positional: string[] = []
  zero = 'sh'
  options: ShellOptions = { errexit: false, nounset: false, xtrace: false, noglob: false, pipefail: false }
  cwd = '/'
  status = 0
  lastBackground: number | undefined
  traps = new Map<string, string>()
  umask = 0o022
  /** Limits that `ulimit` has set, by name. */
  limits = new Map<string, ResourceLimit>()
  /** What its variables hold, bytes. */
  memoryBytes = 0

  /** A copy for a subshell; traps are not inherited. */
  fork(): ShellState {
    const copy = new ShellState()
    copy.variables = new Map(this.variables)
    copy.exported = new Set(this.exported)
    copy.readonlyNames = new Set(this.readonlyNames)
    copy.functions = new Map(this.functions)
    copy.aliases = new Map(this.aliases)
    copy.positional = [...this.positional]
    copy.zero = this.zero
    copy.options = { ...this.options }
    copy.cwd = this.cwd
    copy.status = this.status
    copy.lastBackground = this.lastBackground
    copy.umask = this.umask
    copy.limits = new Map(this.limits)
    copy.memoryBytes = this.memoryBytes
    return copy
  }

  /** The environment of a child. */
  environment(): Map<string, string> {
    const env = new Map<string, string>()
    for (const name of this.exported) {
      const value = this.variables.get(name)
      if (value !== undefined) env.set(name, value)
    }
    env.set('PWD', this.cwd)
    return env
  }
}

/** Leaves `levels` loops. */
export class LoopSignal {
  readonly kind: 'break' | 'continue'
  levels: number
  constructor(kind: 'break' | 'continue', levels: number) {
    this.kind = kind
    this.levels = levels
  }
}

/** Leaves a function or a sourced file. */
export class ReturnSignal {
  readonly status: number
  constructor(status: number) {
    this.status = status
  }
}

/** Ctrl-C at an interactive shell: back to the prompt. */
export class InterruptSignal {}

/** Leaves the shell. */
export class ExitSignal {
  readonly status: number
  constructor(status: number) {
    this.status = status
  }
}

/** An error that ends a non-interactive shell (`${x:?}`, an unset variable with `-u`, a syntax error). */
export class ShellError extends Error {
  override readonly name = 'ShellError'
  readonly status: number
  constructor(message: string, status = 2) {
    super(message)
    this.status = status
  }
}
