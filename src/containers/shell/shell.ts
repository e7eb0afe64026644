import { FileError, resolvePath } from '../files/tree.ts'
import type { ContainerFs } from '../processes/container-fs.ts'
import { BrokenPipeError, Pipe, type Writer } from '../processes/pipe.ts'
import type { Process } from '../processes/process.ts'
import { BUILTINS, SPECIAL } from './builtins.ts'
import { runCompound } from './compound.ts'
import { runExecutable } from './executable.ts'
import { expandString, expandWords } from './expand.ts'
import { lookupParameter } from './parameters.ts'
import { parseScript, singleCommand } from './parse.ts'
import { openRedirections } from './redirect.ts'
import {
  type Descriptors,
  type Dialect,
  ExitSignal,
  InterruptSignal,
  type Job,
  LoopSignal,
  NO_READER,
  NO_WRITER,
  ReturnSignal,
  ShellError,
  type ShellState,
} from './state.ts'
import type {
  Command,
  CommandNode,
  PipelineNode,
  ScriptNode,
  SimpleCommandNode,
  StatementNode,
} from './syntax.ts'
import { syntaxMessage } from './syntax-error.ts'
import { Traps } from './traps.ts'

/** Growth of a shell's memory that is counted, bytes. */
const NOTICED_BYTES = 64 * 1024
/** How deep functions may call each other. */
const MAX_DEPTH = 500

/**
 * A POSIX shell over just-bash's syntax tree, running in a simulated process: output streams as it comes, signals reach
 * traps, children are processes of their own, `sleep` waits on the world's clock.
 */
export class Shell {
  readonly process: Process
  readonly state: ShellState
  readonly dialect: Dialect
  readonly jobs: Job[]
  readonly traps: Traps
  /** Set while commands run whose failure must not end the shell under `-e`. */
  #tolerant = 0
  #depth = 0
  /** Whether it talks with a person at a prompt. */
  interactive = false

  constructor(process: Process, state: ShellState, dialect: Dialect) {
    this.process = process
    this.state = state
    this.dialect = dialect
    this.jobs = []
    this.traps = new Traps(this)
  }

  get files(): ContainerFs {
    return this.process.files
  }

  // --- variables

  /** Value of a variable or special parameter; undefined when unset. */
  lookup(name: string): string | undefined {
    return lookupParameter(this, name)
  }

  get(name: string): string {
    return this.lookup(name) ?? ''
  }

  /** Throws ShellError for a readonly variable. */
  set(name: string, value: string): void {
    if (this.state.readonlyNames.has(name)) throw new ShellError(`${name}: is read only`)
    const more = value.length - (this.state.variables.get(name)?.length ?? 0)
    this.state.variables.set(name, value)
    this.state.memoryBytes += more
    if (more > NOTICED_BYTES) this.process.keepMemory(this.state.memoryBytes)
    else if (more < -NOTICED_BYTES) this.process.holdMemory(this.state.memoryBytes)
  }

  // --- running

  /** Runs a script's text; gives its status. Never throws but for a killed process. */
  async run(text: string, io: Descriptors): Promise<number> {
    try {
      await this.evaluate(text, io)
      return await this.traps.atExit(io, this.state.status)
    } catch (error) {
      if (error instanceof ExitSignal) return this.traps.atExit(io, error.status)
      if (error instanceof InterruptSignal) return this.traps.atExit(io, 130)
      if (error instanceof LoopSignal || error instanceof ReturnSignal) return this.state.status
      if (error instanceof ShellError) {
        await this.complain(io, error.message)
        return this.traps.atExit(io, error.status)
      }
      throw error
    }
  }

  /** Parses and executes text here. Throws the shell's signals and ShellError. */
  async evaluate(text: string, io: Descriptors): Promise<number> {
    return this.execute(parseScript(text, this.dialect).statements, io)
  }

  async execute(statements: readonly StatementNode[], io: Descriptors): Promise<number> {
    for (const [index, statement] of statements.entries()) {
      // A line is read as a whole before any of it runs.
      const next = statements[index + 1]
      const wrong =
        statement.deferredError ?? (next?.line === statement.line ? next?.deferredError : undefined)
      if (wrong) throw new ShellError(syntaxMessage({ kind: 'token', token: wrong.token }, this.dialect))
      await this.#statement(statement, this.redirected ?? io)
      await this.traps.run(this.redirected ?? io)
    }
    return this.state.status
  }

  async #statement(statement: StatementNode, io: Descriptors): Promise<void> {
    this.process.check()
    if (this.process.tty?.interrupted) throw new InterruptSignal()
    if (statement.background) {
      const nodes = [{ ...statement, background: false }]
      const process = this.#subprocess(
        nodes,
        new Map(io).set(0, { reader: NO_READER }),
        statement.sourceText ?? '',
      )
      this.state.lastBackground = process.pid
      const id = (this.jobs.at(-1)?.id ?? 0) + 1
      this.jobs.push({ id, process, text: statement.sourceText ?? process.argv.join(' ') })
      if (this.interactive && this.dialect.bash) await this.writeTo(io, 2, `[${id}] ${process.pid}\n`)
      this.state.status = 0
      return
    }
    const { pipelines, operators } = statement
    for (let index = 0; index < pipelines.length; index++) {
      const operator = operators[index - 1]
      if (operator === '&&' && this.state.status !== 0) continue
      if (operator === '||' && this.state.status === 0) continue
      const pipeline = pipelines[index]!
      const last = index === pipelines.length - 1
      const tolerant = !last || pipeline.negated
      if (tolerant) await this.tolerating(() => this.#pipeline(pipeline, io))
      else await this.#pipeline(pipeline, io)
      if (last && !pipeline.negated) this.#checkErrexit()
    }
  }

  /** Runs something whose failure must not end the shell under `-e`. */
  async tolerating<T>(body: () => Promise<T>): Promise<T> {
    this.#tolerant++
    try {
      return await body()
    } finally {
      this.#tolerant--
    }
  }

  #checkErrexit(): void {
    if (this.state.status !== 0 && this.state.options.errexit && this.#tolerant === 0) {
      throw new ExitSignal(this.state.status)
    }
  }

  async #pipeline(pipeline: PipelineNode, io: Descriptors): Promise<void> {
    const started = this.process.machine.clock.now()
    // `time` is bash's and ash's own; Debian's images have no program of the name.
    if (pipeline.timed && this.dialect.kind === 'dash') {
      await this.complain(io, 'time: not found')
      this.state.status = 127
      return
    }
    if (pipeline.commands.length === 1) this.state.status = await this.#command(pipeline.commands[0]!, io)
    else this.state.status = await this.#pipe(pipeline, io)
    if (pipeline.negated) this.state.status = this.state.status === 0 ? 1 : 0
    if (pipeline.timed) {
      const seconds = (this.process.machine.clock.now() - started) / 1000
      const shown = (s: number) =>
        this.dialect.kind === 'bash'
          ? `${Math.floor(s / 60)}m${(s % 60).toFixed(3)}s`
          : `${Math.floor(s / 60)}m ${(s % 60).toFixed(2)}s`
      const head = this.dialect.kind === 'bash' ? '\n' : ''
      await this.writeTo(io, 2, `${head}real\t${shown(seconds)}\nuser\t${shown(0)}\nsys\t${shown(0)}\n`)
    }
  }

  async #pipe(pipeline: PipelineNode, io: Descriptors): Promise<number> {
    const pipes = pipeline.commands.slice(1).map(() => new Pipe())
    const stages = pipeline.commands.map(async (command, index) => {
      const stage = new Map(io)
      const input = pipes[index - 1]
      const output = pipes[index]
      if (input) stage.set(0, { reader: input })
      if (output) {
        stage.set(1, { writer: output })
        if (pipeline.pipeStderr?.[index]) stage.set(2, { writer: output })
      }
      try {
        return await this.inSubshell((shell) => shell.#command(command, stage), stage)
      } finally {
        output?.end()
        input?.close()
      }
    })
    const statuses = await Promise.all(stages)
    const failed = this.state.options.pipefail ? statuses.findLast((status) => status !== 0) : undefined
    return failed ?? statuses.at(-1)!
  }

  /** Runs something in a copy of the shell's state, in the same process. */
  async inSubshell(body: (shell: Shell) => Promise<number>, io: Descriptors): Promise<number> {
    const shell = new Shell(this.process, this.state.fork(), this.dialect)
    shell.#tolerant = this.#tolerant
    shell.#depth = this.#depth
    try {
      return await body(shell)
    } catch (error) {
      if (error instanceof ExitSignal || error instanceof ReturnSignal) return error.status
      if (error instanceof LoopSignal) return shell.state.status
      if (error instanceof BrokenPipeError) return 141
      if (!(error instanceof ShellError)) throw error
      await this.complain(io, error.message)
      return error.status
    }
  }

  /** Starts statements as a process of their own. */
  #subprocess(statements: StatementNode[], io: Descriptors, text: string): Process {
    const process = this.process.machine.process({
      parent: this.process,
      argv: text ? [text] : [...this.process.argv],
      env: this.state.environment(),
      cwd: this.state.cwd,
      stdin: io.get(0)?.reader ?? NO_READER,
      stdout: io.get(1)?.writer ?? NO_WRITER,
      stderr: io.get(2)?.writer ?? NO_WRITER,
    })
    process.run(async () => {
      const shell = new Shell(process, this.state.fork(), this.dialect)
      return shell.inSubshell(async (inner) => {
        const only = singleCommand(statements)
        if (only) return inner.#simple(only, io, { replace: true })
        return inner.execute(statements, io)
      }, io)
    })
    return process
  }

  /** Runs a script in a subshell and gives what it writes, without trailing newlines. */
  async substitute(script: ScriptNode): Promise<string> {
    const chunks: Uint8Array[] = []
    let size = 0
    let nulls = false
    const writer: Writer = {
      write: async (bytes) => {
        // A shell's strings end at a null byte, so it drops them.
        const kept = bytes.includes(0) ? bytes.filter((byte) => byte !== 0) : bytes
        nulls ||= kept !== bytes
        if (kept.length === 0) return
        chunks.push(kept)
        size += kept.length
        if (size > NOTICED_BYTES) this.process.keepMemory(this.state.memoryBytes + size)
      },
    }
    const io = new Map(this.#io).set(1, { writer })
    const fork = new Shell(this.process, this.state.fork(), this.dialect)
    fork.#tolerant = this.#tolerant
    fork.#depth = this.#depth + 1
    if (fork.#depth > MAX_DEPTH) throw new ShellError('command substitution nested too deeply')
    fork.#io = io
    this.state.status = await fork.inSubshell((shell) => {
      shell.#io = io
      return shell.execute(script.statements, io)
    }, io)
    if (nulls && this.dialect.bash)
      await this.complain(this.#io, 'warning: command substitution: ignored null byte in input')
    return Buffer.concat(chunks).toString().replace(/\n+$/, '')
  }

  /** Descriptors of the command that is being expanded. */
  #io: Descriptors = new Map()

  async #command(command: CommandNode, io: Descriptors): Promise<number> {
    this.process.check()
    this.#io = io
    if (command.type === 'SimpleCommand') return this.#simple(command, io)
    if (command.type === 'FunctionDef') {
      this.state.functions.set(command.name, command.body)
      return 0
    }
    let inner: Descriptors
    try {
      inner = await openRedirections(this, command.redirections, io)
    } catch (error) {
      return this.#redirectionFailed(error, io)
    }
    return runCompound(this, command, inner)
  }

  // --- simple commands

  async #simple(
    command: SimpleCommandNode,
    outer: Descriptors,
    options: { replace?: boolean } = {},
  ): Promise<number> {
    this.#io = outer
    const words = command.name ? await expandWords(this, [command.name, ...command.args]) : []
    const values: [string, string][] = []
    for (const { name, value, append } of command.assignments) {
      const text = value ? await expandString(this, value) : ''
      values.push([name, append ? this.get(name) + text : text])
    }
    let io: Descriptors
    try {
      io = await openRedirections(this, command.redirections, outer)
    } catch (error) {
      return this.#redirectionFailed(error, outer, SPECIAL.has(words[0] ?? ''))
    }
    if (this.state.options.xtrace) {
      await this.writeTo(
        outer,
        2,
        `+ ${[...values.map(([name, value]) => `${name}=${value}`), ...words].join(' ')}\n`,
      )
    }
    if (words.length === 0) {
      for (const [name, value] of values) this.set(name, value)
      return command.assignments.some(({ value }) =>
        value?.parts.some(({ type }) => type === 'CommandSubstitution'),
      )
        ? this.state.status
        : 0
    }
    return this.invoke(words, io, { values, replace: options.replace })
  }

  /** Runs a command that is already expanded: function, builtin, or executable. */
  async invoke(
    words: string[],
    io: Descriptors,
    options: { values?: [string, string][]; replace?: boolean; noFunctions?: boolean } = {},
  ): Promise<number> {
    const { values = [] } = options
    const name = words[0]!
    const body = options.noFunctions ? undefined : this.state.functions.get(name)
    const builtin = BUILTINS[name]
    if (!body && !builtin) {
      const env = this.state.environment()
      for (const [key, value] of values) env.set(key, value)
      return runExecutable(this, words, env, io, options.replace ?? false)
    }
    // What stands before a function or builtin holds for its run only, but for the special ones.
    const saved = values.map(
      ([key]) => [key, this.state.variables.get(key), this.state.exported.has(key)] as const,
    )
    for (const [key, value] of values) this.set(key, value)
    if (!SPECIAL.has(name)) for (const [key] of values) this.state.exported.add(key)
    try {
      return body ? await this.#call(body, words, io) : await builtin!(this, words.slice(1), io, name)
    } catch (error) {
      if (body || !(error instanceof FileError)) throw error
      await this.complain(io, `${name}: write error: ${error.reason}`)
      return 1
    } finally {
      if (!SPECIAL.has(name)) {
        for (const [key, value, exported] of saved) {
          if (value === undefined) this.state.variables.delete(key)
          else this.state.variables.set(key, value)
          if (!exported) this.state.exported.delete(key)
        }
      }
    }
  }

  readonly locals: Map<string, string | undefined>[] = []

  async #call(body: Command<'FunctionDef'>['body'], words: string[], io: Descriptors): Promise<number> {
    if (++this.#depth > MAX_DEPTH)
      throw new ShellError(`${words[0]}: maximum function nesting level exceeded`)
    const positional = this.state.positional
    const locals = new Map<string, string | undefined>()
    this.state.positional = words.slice(1)
    this.locals.push(locals)
    try {
      return await this.#command(body, io)
    } catch (error) {
      if (error instanceof ReturnSignal) return error.status
      throw error
    } finally {
      this.#depth--
      this.locals.pop()
      this.state.positional = positional
      for (const [name, value] of locals) {
        if (value === undefined) this.state.variables.delete(name)
        else this.state.variables.set(name, value)
      }
    }
  }

  /** `exec`: becomes another program. */
  async replace(words: string[], io: Descriptors): Promise<never> {
    const status = await runExecutable(this, words, this.state.environment(), io, true)
    throw new ExitSignal(status)
  }

  async #redirectionFailed(error: unknown, io: Descriptors, fatal = false): Promise<number> {
    if (!(error instanceof Error) || !('code' in error)) throw error
    await this.complain(io, error.message)
    if (fatal && !this.dialect.bash) throw new ExitSignal(2)
    return this.dialect.bash ? 1 : 2
  }

  /** Runs the last command that this shell has to run: an executable takes the shell's place. */
  runAsLast(command: SimpleCommandNode, io: Descriptors): Promise<number> {
    return this.#simple(command, io, { replace: true })
  }

  /** Descriptors that `exec` without a command has set for good. */
  redirected: Descriptors | undefined

  redirectAll(io: Descriptors): void {
    this.redirected = io
  }

  // --- output

  async writeTo(io: Descriptors, fd: number, text: string): Promise<void> {
    this.process.check()
    await io.get(fd)?.writer?.write(Buffer.from(text))
  }

  /** A message with the shell's own prefix. */
  complain(io: Descriptors, message: string): Promise<void> {
    return this.writeTo(io, 2, `${this.prefix}${message}\n`)
  }

  /** `sh: `, `bash: line 1: `, as the shell prefixes its messages. */
  get prefix(): string {
    const name = this.interactive || this.state.zero.startsWith('-') ? this.dialect.name : this.state.zero
    if (this.interactive) return `${name}: `
    return this.dialect.kind === 'bash'
      ? `${name}: line 1: `
      : this.dialect.kind === 'dash'
        ? `${name}: 1: `
        : `${name}: `
  }

  resolve(path: string): string {
    return resolvePath(this.state.cwd, path)
  }
}
