import { parse } from 'just-bash'
import { resolvePath } from '../files/tree.ts'
import type { ContainerFs } from '../processes/container-fs.ts'
import { ExecError } from '../processes/machine.ts'
import { BrokenPipeError, Pipe, type Reader, type Writer } from '../processes/pipe.ts'
import type { Process } from '../processes/process.ts'
import { signalExitCode } from '../processes/signals.ts'
import type { ExitStatus } from '../runtime.ts'
import { BUILTINS, SPECIAL } from './builtins.ts'
import { evaluateConditional } from './conditional.ts'
import { arithmetic, expandPattern, expandString, expandWords } from './expand.ts'
import { matches } from './pattern.ts'
import { openRedirections } from './redirect.ts'
import {
  type Descriptors,
  type Dialect,
  ExitSignal,
  InterruptSignal,
  type Job,
  LoopSignal,
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
import { syntaxMessage, syntaxProblem } from './syntax-error.ts'

/** How deep functions may call each other. */
const MAX_DEPTH = 500
/** After so many turns of a loop the rest of the world gets one. */
const LOOP_TURNS = 50
/** A loop whose turns are shorter than this, in ms, does not wait for anything. */
const BUSY_TURN_MS = 2

/**
 * A POSIX shell over just-bash's syntax tree, running in a simulated process: output streams as it comes, signals reach
 * traps, children are processes of their own, `sleep` waits on the world's clock.
 */
export class Shell {
  readonly process: Process
  readonly state: ShellState
  readonly dialect: Dialect
  readonly jobs: Job[]
  /** Set while commands run whose failure must not end the shell under `-e`. */
  #tolerant = 0
  #depth = 0
  #pending: string[] = []
  #wake: (() => void) | undefined
  #interactive = false

  constructor(process: Process, state: ShellState, dialect: Dialect) {
    this.process = process
    this.state = state
    this.dialect = dialect
    this.jobs = []
  }

  get files(): ContainerFs {
    return this.process.machine.files
  }

  set interactive(value: boolean) {
    this.#interactive = value
  }

  get interactive(): boolean {
    return this.#interactive
  }

  // --- variables

  /** Value of a variable or special parameter; undefined when unset. */
  lookup(name: string): string | undefined {
    const { state } = this
    if (/^\d+$/.test(name)) return name === '0' ? state.zero : state.positional[Number(name) - 1]
    switch (name) {
      case '?':
        return String(state.status)
      case '#':
        return String(state.positional.length)
      case '$':
        return String(this.process.pid)
      case '!':
        return state.lastBackground === undefined ? undefined : String(state.lastBackground)
      case '@':
      case '*':
        return state.positional.length > 0 ? state.positional.join(' ') : undefined
      case '-':
        return `${state.options.errexit ? 'e' : ''}${state.options.nounset ? 'u' : ''}${state.options.xtrace ? 'x' : ''}${this.#interactive ? 'i' : ''}`
      case 'PWD':
        return state.cwd
      case 'PPID':
        return String(this.process.parent?.pid ?? 0)
      case 'RANDOM':
        return this.dialect.kind === 'dash'
          ? state.variables.get(name)
          : String(Math.floor(Math.random() * 32768))
      case 'SECONDS':
        return this.dialect.bash
          ? String(Math.floor((this.process.machine.clock.now() - this.process.startedAt) / 1000))
          : state.variables.get(name)
      case 'BASH_VERSION':
        return this.dialect.bash ? '5.2.37(1)-release' : state.variables.get(name)
      default:
        return state.variables.get(name)
    }
  }

  get(name: string): string {
    return this.lookup(name) ?? ''
  }

  /** Throws ShellError for a readonly variable. */
  set(name: string, value: string): void {
    if (this.state.readonlyNames.has(name)) throw new ShellError(`${name}: is read only`)
    this.state.variables.set(name, value)
  }

  // --- running

  /** Runs a script's text; gives its status. Never throws but for a killed process. */
  async run(text: string, io: Descriptors): Promise<number> {
    try {
      await this.evaluate(text, io)
      return await this.#exitTrap(io, this.state.status)
    } catch (error) {
      if (error instanceof ExitSignal) return this.#exitTrap(io, error.status)
      if (error instanceof InterruptSignal) return this.#exitTrap(io, 130)
      if (error instanceof LoopSignal || error instanceof ReturnSignal) return this.state.status
      if (error instanceof ShellError) {
        await this.complain(io, error.message)
        return this.#exitTrap(io, error.status)
      }
      throw error
    }
  }

  /** Parses and executes text here. Throws the shell's signals and ShellError. */
  async evaluate(text: string, io: Descriptors): Promise<number> {
    return this.execute(parseScript(text, this).statements, io)
  }

  async execute(statements: readonly StatementNode[], io: Descriptors): Promise<number> {
    for (const [index, statement] of statements.entries()) {
      // A line is read as a whole before any of it runs.
      const next = statements[index + 1]
      const wrong =
        statement.deferredError ?? (next?.line === statement.line ? next?.deferredError : undefined)
      if (wrong) throw new ShellError(syntaxMessage({ kind: 'token', token: wrong.token }, this.dialect))
      await this.#statement(statement, this.redirected ?? io)
      await this.#runTraps(this.redirected ?? io)
    }
    return this.state.status
  }

  async #statement(statement: StatementNode, io: Descriptors): Promise<void> {
    this.process.check()
    if (this.process.tty?.interrupted) throw new InterruptSignal()
    if (statement.background) {
      const nodes = [{ ...statement, background: false }]
      const process = this.#subprocess(nodes, withInput(io, undefined), statement.sourceText ?? '')
      this.state.lastBackground = process.pid
      const id = (this.jobs.at(-1)?.id ?? 0) + 1
      this.jobs.push({ id, process, text: statement.sourceText ?? process.argv.join(' ') })
      if (this.#interactive && this.dialect.bash) await this.writeTo(io, 2, `[${id}] ${process.pid}\n`)
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
      if (tolerant) this.#tolerant++
      try {
        await this.#pipeline(pipeline, io)
      } finally {
        if (tolerant) this.#tolerant--
      }
      if (last && !pipeline.negated) this.#checkErrexit()
    }
  }

  #checkErrexit(): void {
    if (this.state.status !== 0 && this.state.options.errexit && this.#tolerant === 0) {
      throw new ExitSignal(this.state.status)
    }
  }

  async #pipeline(pipeline: PipelineNode, io: Descriptors): Promise<void> {
    const started = this.process.machine.clock.now()
    if (pipeline.commands.length === 1) this.state.status = await this.#command(pipeline.commands[0]!, io)
    else this.state.status = await this.#pipe(pipeline, io)
    if (pipeline.negated) this.state.status = this.state.status === 0 ? 1 : 0
    if (pipeline.timed) {
      const seconds = (this.process.machine.clock.now() - started) / 1000
      const time = `${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s`
      await this.writeTo(io, 2, `\nreal\t${time}\nuser\t0m0.000s\nsys\t0m0.000s\n`)
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
        return await this.#inSubshell((shell) => shell.#command(command, stage), stage)
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
  async #inSubshell(body: (shell: Shell) => Promise<number>, io: Descriptors): Promise<number> {
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
      return shell.#inSubshell(async (inner) => {
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
    const writer: Writer = {
      write: async (bytes) => {
        chunks.push(bytes)
      },
    }
    const io = new Map(this.#io).set(1, { writer })
    const fork = new Shell(this.process, this.state.fork(), this.dialect)
    fork.#tolerant = this.#tolerant
    fork.#depth = this.#depth + 1
    if (fork.#depth > MAX_DEPTH) throw new ShellError('command substitution nested too deeply')
    fork.#io = io
    this.state.status = await fork.#inSubshell((shell) => {
      shell.#io = io
      return shell.execute(script.statements, io)
    }, io)
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
    return this.#compound(command, inner)
  }

  async #compound(
    command: Exclude<CommandNode, { type: 'SimpleCommand' | 'FunctionDef' }>,
    io: Descriptors,
  ): Promise<number> {
    switch (command.type) {
      case 'Group':
        return this.#body(command.body, io)
      case 'Subshell':
        return this.#inSubshell((shell) => shell.#body(command.body, io), io)
      case 'If':
        for (const clause of command.clauses) {
          if (await this.#condition(clause.condition, io)) return this.#body(clause.body, io)
        }
        return command.elseBody ? this.#body(command.elseBody, io) : 0
      case 'While':
      case 'Until':
        return this.#loop(io, command.body, () =>
          this.#condition(command.condition, io).then((holds) => holds === (command.type === 'While')),
        )
      case 'For': {
        const words = command.words ? await expandWords(this, command.words) : [...this.state.positional]
        return this.#loop(io, command.body, async () => {
          const word = words.shift()
          if (word !== undefined) this.set(command.variable, word)
          return word !== undefined
        })
      }
      case 'CStyleFor': {
        if (command.init) await arithmetic(this, command.init)
        let first = true
        return this.#loop(io, command.body, async () => {
          if (!first && command.update) await arithmetic(this, command.update)
          first = false
          return !command.condition || (await arithmetic(this, command.condition)) !== 0n
        })
      }
      case 'Case':
        return this.#case(command, io)
      case 'ArithmeticCommand':
        return (await arithmetic(this, command.expression)) === 0n ? 1 : 0
      case 'ConditionalCommand':
        return (await evaluateConditional(this, command.expression)) ? 0 : 1
    }
  }

  async #body(statements: readonly StatementNode[], io: Descriptors): Promise<number> {
    this.state.status = 0
    return this.execute(statements, io)
  }

  async #condition(statements: readonly StatementNode[], io: Descriptors): Promise<boolean> {
    this.#tolerant++
    try {
      return (await this.execute(statements, io)) === 0
    } finally {
      this.#tolerant--
    }
  }

  async #loop(
    io: Descriptors,
    body: readonly StatementNode[],
    next: () => Promise<boolean>,
  ): Promise<number> {
    let status = 0
    const { clock } = this.process.machine
    let since = clock.now()
    for (let turn = 1; await next(); turn++) {
      // A loop that never waits must still let the rest of the world run, and keeps a core busy.
      if (turn % LOOP_TURNS === 0) {
        await new Promise((resolve) => setImmediate(resolve))
        const elapsed = clock.now() - since
        if (elapsed < LOOP_TURNS * BUSY_TURN_MS) this.process.machine.spend(elapsed)
        since = clock.now()
      }
      try {
        status = await this.execute(body, io)
      } catch (error) {
        if (!(error instanceof LoopSignal)) throw error
        status = 0
        if (--error.levels > 0) throw error
        if (error.kind === 'break') return status
      }
    }
    return status
  }

  async #case(command: Command<'Case'>, io: Descriptors): Promise<number> {
    const text = await expandString(this, command.word)
    let status = 0
    let fall = false
    for (const item of command.items) {
      let hit = fall
      for (const pattern of item.patterns) {
        if (hit) break
        hit = matches(await expandPattern(this, pattern), text)
      }
      if (!hit) continue
      status = await this.#body(item.body, io)
      if (item.terminator === ';;') return status
      fall = item.terminator === ';&'
    }
    return status
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
      return this.#external(words, env, io, options.replace ?? false)
    }
    // What stands before a function or builtin holds for its run only, but for the special ones.
    const saved = values.map(
      ([key]) => [key, this.state.variables.get(key), this.state.exported.has(key)] as const,
    )
    for (const [key, value] of values) this.set(key, value)
    if (!SPECIAL.has(name)) for (const [key] of values) this.state.exported.add(key)
    try {
      return body ? await this.#call(body, words, io) : await builtin!(this, words.slice(1), io, name)
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

  async #external(
    words: string[],
    env: Map<string, string>,
    io: Descriptors,
    replace: boolean,
  ): Promise<number> {
    const { machine } = this.process
    let executable: Awaited<ReturnType<typeof machine.load>>
    try {
      executable = await machine.load(words, this.state.variables.get('PATH'), this.state.cwd)
    } catch (error) {
      if (!(error instanceof ExecError)) throw error
      if (error.code === 'format') return this.#scriptWithoutShebang(words, env, io)
      const [text, status] = {
        'not-found': ['not found', 127],
        'no-such-file': [this.dialect.bash ? 'No such file or directory' : 'not found', 127],
        permission: [this.dialect.bash ? 'Permission denied' : 'Permission denied', 126],
        directory: [this.dialect.bash ? 'Is a directory' : 'Permission denied', 126],
        format: ['Exec format error', 126],
      }[error.code] as [string, number]
      const message = error.code === 'not-found' && this.dialect.bash ? 'command not found' : text
      await this.complain(io, `${words[0]}: ${message}`)
      return status
    }
    if (replace) {
      // The process goes on as the other program, with the same number.
      this.process.argv = executable.argv
      this.process.env = env
      this.process.cwd = this.state.cwd
      this.process.resetHandlers()
      this.process.stdin = io.get(0)?.reader ?? NO_READER
      this.process.stdout = io.get(1)?.writer ?? NO_WRITER
      this.process.stderr = io.get(2)?.writer ?? NO_WRITER
      return executable.program(this.process)
    }
    const child = machine.process({
      parent: this.process,
      argv: executable.argv,
      env,
      cwd: this.state.cwd,
      stdin: io.get(0)?.reader ?? NO_READER,
      stdout: io.get(1)?.writer ?? NO_WRITER,
      stderr: io.get(2)?.writer ?? NO_WRITER,
      tty: this.process.tty,
    })
    child.run(executable.program)
    return this.#foreground(child)
  }

  /** Waits for a child that has the terminal. */
  async #foreground(child: Process): Promise<number> {
    const { tty } = this.process
    tty?.foreground.add(child)
    if (tty?.interrupted) child.kill('SIGINT')
    let status: ExitStatus
    try {
      status = await this.process.waitFor(child.exited)
    } finally {
      tty?.foreground.delete(child)
    }
    if (status.signal === 'SIGINT' && tty)
      throw this.#interactive ? new InterruptSignal() : new ExitSignal(130)
    return status.exitCode
  }

  async #scriptWithoutShebang(words: string[], env: Map<string, string>, io: Descriptors): Promise<number> {
    const file = this.process.machine.which(words[0]!, this.state.variables.get('PATH'), this.state.cwd)
    const text = Buffer.from(await this.files.read(file)).toString()
    if (/\0/.test(text.slice(0, 80))) {
      await this.complain(io, `${words[0]}: Exec format error`)
      return 126
    }
    return this.#inSubshell(async (shell) => {
      shell.state.zero = words[0]!
      shell.state.positional = words.slice(1)
      for (const [name, value] of env) shell.state.variables.set(name, value)
      return shell.run(text, io)
    }, io)
  }

  /** `exec`: becomes another program. */
  async replace(words: string[], io: Descriptors): Promise<never> {
    const status = await this.#external(words, this.state.environment(), io, true)
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

  // --- signals and jobs

  /** Arranges for `trap`'s action. */
  trap(signal: string, action: string | undefined): void {
    if (action === undefined) {
      this.state.traps.delete(signal)
      this.process.on(signal, undefined)
      return
    }
    this.state.traps.set(signal, action)
    if (signal === 'EXIT') return
    this.process.on(
      signal,
      action === ''
        ? 'ignore'
        : () => {
            this.#pending.push(signal)
            this.#wake?.()
          },
    )
  }

  async #runTraps(io: Descriptors): Promise<void> {
    while (this.#pending.length > 0) {
      const action = this.state.traps.get(this.#pending.shift()!)
      if (!action) continue
      const { status } = this.state
      await this.evaluate(action, io)
      this.state.status = status
    }
  }

  async #exitTrap(io: Descriptors, status: number): Promise<number> {
    const action = this.state.traps.get('EXIT')
    if (action === undefined) return status
    this.state.traps.delete('EXIT')
    this.state.status = status
    try {
      await this.evaluate(action, io)
    } catch (error) {
      if (error instanceof ExitSignal) return error.status
      if (!(error instanceof ShellError)) throw error
    }
    return status
  }

  /** `wait`: for these processes; a trapped signal ends it early with 128+n. */
  async waitJobs(jobs: Job[]): Promise<number> {
    let status = 0
    for (const job of jobs) {
      const signalled = new Promise<undefined>((resolve) => {
        this.#wake = () => resolve(undefined)
        if (this.#pending.length > 0) resolve(undefined)
      })
      const ended = await this.process.waitFor(Promise.race([job.process.exited, signalled]))
      this.#wake = undefined
      if (!ended) return signalExitCode(this.#pending[0] ?? 'SIGTERM')
      status = ended.exitCode
      this.jobs.splice(this.jobs.indexOf(job), 1)
    }
    return status
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
    const name = this.#interactive || this.state.zero.startsWith('-') ? this.dialect.name : this.state.zero
    if (this.#interactive) return `${name}: `
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

/** Parses a script. Throws ShellError with the shell's text. */
export function parseScript(text: string, shell: Shell): ScriptNode {
  try {
    return parse(text)
  } catch (error) {
    throw new ShellError(syntaxMessage(syntaxProblem(error as Error, text), shell.dialect))
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

const NO_READER: Reader = { read: async () => undefined, unread: () => {} }
const NO_WRITER: Writer = { write: async () => {} }

function withInput(io: Descriptors, reader: Reader | undefined): Descriptors {
  return new Map(io).set(0, { reader: reader ?? NO_READER })
}
