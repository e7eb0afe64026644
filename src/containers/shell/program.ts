import { parse } from 'just-bash'
import type { Program } from '../processes/process.ts'
import { parseScript, singleCommand } from './parse.ts'
import { Shell } from './shell.ts'
import {
  type Descriptors,
  type Dialect,
  ExitSignal,
  InterruptSignal,
  LoopSignal,
  ReturnSignal,
  ShellError,
  ShellState,
} from './state.ts'
import { syntaxProblem } from './syntax-error.ts'
import { applyOptions } from './variable-builtins.ts'

/** The shell as a program: `sh [-eux] [-c script [name [arg…]]] [file [arg…]]`, or from standard input, or at a terminal. */
export function shellProgram(dialect: Dialect): Program {
  return async (process) => {
    const state = new ShellState()
    const io: Descriptors = new Map([
      [0, { reader: process.stdin }],
      [1, { writer: process.stdout }],
      [2, { writer: process.stderr }],
    ])
    for (const [name, value] of process.env) {
      state.variables.set(name, value)
      state.exported.add(name)
    }
    state.cwd = process.cwd
    state.zero = process.argv[0]!
    const shell = new Shell(process, state, dialect)
    const args = process.argv.slice(1)
    let script: string | undefined
    let login = false
    let fromStdin = false
    let wantsCommand = false
    while (args.length > 0 && /^[-+]./.test(args[0]!) && args[0] !== '--') {
      const option = args.shift()!
      if (option === '--login' || option === '--norc' || option === '--noprofile' || option === '--posix') {
        login ||= option === '--login'
        continue
      }
      if (option === '--version' && dialect.bash) {
        await process.print('GNU bash, version 5.2.37(1)-release (x86_64-pc-linux-gnu)\n')
        return 0
      }
      if (option.includes('c')) wantsCommand = true
      if (option.includes('s')) fromStdin = true
      if (option.includes('i')) shell.interactive = process.tty !== undefined
      if (option.includes('l')) login = true
      if (option.includes('o')) applyOptions(shell, ['-o', args.shift() ?? ''])
      applyOptions(
        shell,
        [option.replace(/[csilo]/g, '')].filter((text) => text.length > 1),
      )
    }
    if (args[0] === '--') args.shift()
    if (login && shell.files.exists('/etc/profile')) await shell.run('. /etc/profile', io)
    if (wantsCommand) {
      script = args.shift()
      if (script === undefined) {
        await process.complain(
          `${dialect.name}: ${dialect.bash ? '-c: option requires an argument' : '-c requires an argument'}\n`,
        )
        return 2
      }
      if (args.length > 0) state.zero = args.shift()!
      state.positional = args
      return runCommandString(shell, script, io)
    }
    if (args.length > 0 && !fromStdin) {
      const file = args.shift()!
      state.zero = file
      state.positional = args
      const path = shell.resolve(file)
      if (shell.files.find(path)?.kind !== 'file') {
        const message = dialect.bash
          ? `${file}: No such file or directory`
          : dialect.kind === 'dash'
            ? `0: cannot open ${file}: No such file`
            : `can't open '${file}': No such file or directory`
        await process.complain(`${dialect.name}: ${message}\n`)
        return dialect.kind === 'bash' ? 127 : 2
      }
      return shell.run(Buffer.from(await shell.files.read(path)).toString(), io)
    }
    if (process.tty) return interact(shell, io)
    return runFromInput(shell, io)
  }
}

/** The last command of `-c` needs no child: the shell becomes it. */
async function runCommandString(shell: Shell, script: string, io: Descriptors): Promise<number> {
  try {
    const command = singleCommand(parseScript(script, shell.dialect).statements)
    if (command) return await shell.runAsLast(command, io)
  } catch (error) {
    if (error instanceof ExitSignal || error instanceof ReturnSignal) return error.status
    if (error instanceof InterruptSignal) return 130
    if (!(error instanceof ShellError)) throw error
    await shell.complain(io, error.message)
    return error.status
  }
  return shell.run(script, io)
}

/** Reads commands from standard input, each as soon as it is whole. */
async function runFromInput(shell: Shell, io: Descriptors): Promise<number> {
  const { process } = shell
  let text = ''
  for (;;) {
    const chunk = await process.read()
    if (chunk) text += Buffer.from(chunk).toString()
    if (chunk && (!text.endsWith('\n') || incomplete(text))) continue
    const status = await runOnce(shell, text, io)
    text = ''
    if (status !== undefined) return status
    if (!chunk) return shell.run('', io)
  }
}

/** The prompt. */
async function interact(shell: Shell, io: Descriptors): Promise<number> {
  const { process } = shell
  const tty = process.tty!
  shell.interactive = true
  shell.state.variables.set(
    'PS1',
    shell.state.variables.get('PS1') ?? (shell.dialect.bash ? '\\u@\\h:\\w\\$ ' : '\\w \\$ '),
  )
  process.on('SIGINT', 'ignore')
  process.on('SIGTERM', 'ignore')
  process.on('SIGQUIT', 'ignore')
  tty.holdTypeAhead = true
  const history: string[] = []
  let text = ''
  for (;;) {
    tty.foreground.delete(process)
    const edited = await process.waitFor(tty.readLine(text ? '> ' : prompt(shell), history))
    if (edited === 'interrupted') {
      text = ''
      shell.state.status = 130
      continue
    }
    if (edited === 'end') {
      await process.print(shell.dialect.bash ? 'exit\n' : '\n')
      return shell.state.status
    }
    if (edited.line.trim() !== '' && history.at(-1) !== edited.line) history.push(edited.line)
    text += (text ? '\n' : '') + edited.line
    if (incomplete(text)) continue
    const status = await runOnce(shell, text, io)
    text = ''
    if (status !== undefined) {
      if (shell.dialect.bash && edited.line.trim() === 'exit') await process.print('exit\n')
      return status
    }
  }
}

/** Runs one complete input; a number when the shell has to end with it. */
async function runOnce(shell: Shell, text: string, io: Descriptors): Promise<number | undefined> {
  try {
    await shell.evaluate(text, shell.redirected ?? io)
  } catch (error) {
    if (error instanceof ExitSignal) return error.status
    if (error instanceof ReturnSignal || error instanceof LoopSignal) return undefined
    if (error instanceof InterruptSignal) {
      shell.state.status = 130
      return shell.interactive ? undefined : 130
    }
    if (!(error instanceof ShellError)) throw error
    await shell.complain(io, error.message)
    shell.state.status = error.status
    if (!shell.interactive) return error.status
  }
  return undefined
}

/** Whether more lines are needed: open quotes, an unfinished compound, a trailing backslash or operator. */
function incomplete(text: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(text) || /(?:&&|\|\|?)\s*$/.test(text)) return true
  if (/<<-?\s*(['"]?)(\w+)\1/.test(text)) {
    const delimiter = /<<-?\s*(['"]?)(\w+)\1/.exec(text)![2]!
    if (!new RegExp(`\\n\\t*${delimiter}(?:\\n|$)`).test(text)) return true
  }
  try {
    parse(text)
    return false
  } catch (error) {
    return syntaxProblem(error as Error, text).kind !== 'token'
  }
}

function prompt(shell: Shell): string {
  const home = shell.get('HOME')
  const { cwd } = shell.state
  const short =
    cwd === home ? '~' : home !== '/' && cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd
  const { user, hostname } = shell.process.machine
  const values: Record<string, string> = {
    u: user.name,
    h: hostname.split('.')[0]!,
    H: hostname,
    w: short,
    W: short.slice(short.lastIndexOf('/') + 1) || '/',
    $: user.uid === 0 ? '#' : '$',
    n: '\n',
    '\\': '\\',
  }
  return shell
    .get('PS1')
    .replace(/\\(.)/g, (whole, char) => values[char] ?? (char === '[' || char === ']' ? '' : whole))
}
