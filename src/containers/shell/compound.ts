import { evaluateConditional } from './conditional.ts'
import { arithmetic, expandPattern, expandString, expandWords } from './expand.ts'
import { matches } from './pattern.ts'
import type { Shell } from './shell.ts'
import { type Descriptors, LoopSignal } from './state.ts'
import type { Command, CommandNode, StatementNode } from './syntax.ts'

/** After so many turns of a loop the rest of the world gets one. */
const LOOP_TURNS = 50
/** A loop whose turns are shorter than this, in ms, does not wait for anything. */
const BUSY_TURN_MS = 2

/** Runs a compound command whose redirections are open; gives its status. */
export async function runCompound(
  shell: Shell,
  command: Exclude<CommandNode, { type: 'SimpleCommand' | 'FunctionDef' }>,
  io: Descriptors,
): Promise<number> {
  switch (command.type) {
    case 'Group':
      return body(shell, command.body, io)
    case 'Subshell':
      return shell.inSubshell((inner) => body(inner, command.body, io), io)
    case 'If':
      for (const clause of command.clauses) {
        if (await condition(shell, clause.condition, io)) return body(shell, clause.body, io)
      }
      return command.elseBody ? body(shell, command.elseBody, io) : 0
    case 'While':
    case 'Until':
      return loop(shell, io, command.body, () =>
        condition(shell, command.condition, io).then((holds) => holds === (command.type === 'While')),
      )
    case 'For': {
      const words = command.words ? await expandWords(shell, command.words) : [...shell.state.positional]
      return loop(shell, io, command.body, async () => {
        const word = words.shift()
        if (word !== undefined) shell.set(command.variable, word)
        return word !== undefined
      })
    }
    case 'CStyleFor': {
      if (command.init) await arithmetic(shell, command.init)
      let first = true
      return loop(shell, io, command.body, async () => {
        if (!first && command.update) await arithmetic(shell, command.update)
        first = false
        return !command.condition || (await arithmetic(shell, command.condition)) !== 0n
      })
    }
    case 'Case':
      return runCase(shell, command, io)
    case 'ArithmeticCommand':
      return (await arithmetic(shell, command.expression)) === 0n ? 1 : 0
    case 'ConditionalCommand':
      if (shell.dialect.kind === 'dash') {
        await shell.complain(io, '[[: not found')
        return 127
      }
      return (await evaluateConditional(shell, command.expression)) ? 0 : 1
  }
}

async function body(shell: Shell, statements: readonly StatementNode[], io: Descriptors): Promise<number> {
  shell.state.status = 0
  return shell.execute(statements, io)
}

async function condition(
  shell: Shell,
  statements: readonly StatementNode[],
  io: Descriptors,
): Promise<boolean> {
  return shell.tolerating(async () => (await shell.execute(statements, io)) === 0)
}

async function loop(
  shell: Shell,
  io: Descriptors,
  body: readonly StatementNode[],
  next: () => Promise<boolean>,
): Promise<number> {
  let status = 0
  const { clock } = shell.process.machine
  let since = clock.now()
  for (let turn = 1; await next(); turn++) {
    // A loop that never waits must still let the rest of the world run, and keeps a core busy.
    if (turn % LOOP_TURNS === 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const elapsed = clock.now() - since
      if (elapsed < LOOP_TURNS * BUSY_TURN_MS) shell.process.spend(elapsed)
      since = clock.now()
    }
    try {
      status = await shell.execute(body, io)
    } catch (error) {
      if (!(error instanceof LoopSignal)) throw error
      status = 0
      if (--error.levels > 0) throw error
      if (error.kind === 'break') return status
    }
  }
  return status
}

async function runCase(shell: Shell, command: Command<'Case'>, io: Descriptors): Promise<number> {
  const text = await expandString(shell, command.word)
  let status = 0
  let fall = false
  for (const item of command.items) {
    let hit = fall
    for (const pattern of item.patterns) {
      if (hit) break
      hit = matches(await expandPattern(shell, pattern), text)
    }
    if (!hit) continue
    status = await body(shell, item.body, io)
    if (item.terminator === ';;') return status
    fall = item.terminator === ';&'
  }
  return status
}
