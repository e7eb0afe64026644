import { execFile } from 'node:child_process'
import { delimiter } from 'node:path'
import { toolsFolder } from '../support/tools.ts'

/** Where a transcript's commands run: a KubectlCluster, or a lab's shell. */
export interface Desk {
  folder: string
  env: NodeJS.ProcessEnv
  /** A folder of programs that come before the bundled tools: the AWS CLI that was started once. */
  programs?: string
  world?: { advance(ms: number): Promise<void> }
}

/** One command of a transcript and what it must print. */
interface Step {
  command: string
  expected: string[]
  code: number
}

/** How long (ms) a step may wait: `+10m`, `+90s`. */
const UNITS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 }

/**
 * Runs a terminal session and compares what it prints, line by line: a line after `$ ` is a command for the shell
 * (`> ` continues it), what follows is its output, standard output and error together. In the output `…` stands for any text within a
 * line, a line of `…` alone for any lines, and runs of spaces for one another (columns are as wide as the names in them) or at an end for none. `[exit 1]`
 * ends a command that fails. `+10m` moves the world's clock. Gives the outputs; throws with all commands that printed something else.
 */
export async function transcript(desk: Desk, text: string): Promise<string[]> {
  const outputs: string[] = []
  const wrong: string[] = []
  for (const step of stepsOf(text)) {
    if (/^\+\d/.test(step.command)) {
      await desk.world!.advance(Number(step.command.slice(1, -1)) * UNITS[step.command.at(-1)!]!)
      continue
    }
    const { output, code } = await shell(desk, step.command)
    outputs.push(output)
    if (code === step.code && matches(output, step.expected)) continue
    const wanted = [...step.expected, ...(step.code ? [`[exit ${step.code}]`] : [])].join('\n')
    const printed = `--- printed${code ? ` [exit ${code}]` : ''}\n${output}`
    wrong.push(`$ ${step.command}\n--- expected\n${wanted}\n${printed}`)
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  return outputs
}

function stepsOf(text: string): Step[] {
  const steps: Step[] = []
  const lines = text.split('\n')
  const margin = /^ */.exec(lines.find((line) => line.trim()) ?? '')![0].length
  for (const raw of lines) {
    const line = raw.slice(margin).trimEnd()
    const last = steps.at(-1)
    const exit = /^\[exit (\d+)\]$/.exec(line)
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [], code: 0 })
    else if (/^\+\d+[smh]$/.test(line)) steps.push({ command: line, expected: [], code: 0 })
    else if (line.startsWith('> ') && last) last.command += `\n${line.slice(2)}`
    else if (exit && last) last.code = Number(exit[1])
    else if (last) last.expected.push(line)
  }
  for (const { expected } of steps) while (expected.at(-1) === '') expected.pop()
  return steps
}

function matches(output: string, expected: string[]): boolean {
  const pattern = expected
    .map((line) => (line === '…' ? '(?:.*\n)*?' : `[ \t]*${lineOf(line.trim())}[ \t]*\n`))
    .join('')
  return new RegExp(`^${pattern}$`).test(output.replace(/\n*$/, output.trim() ? '\n' : ''))
}

const lineOf = (line: string) =>
  line
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/[ \t]+/g, '[ \\t]+'))
    .join('[^\\n]*?')

async function shell(desk: Desk, command: string): Promise<{ output: string; code: number }> {
  const path = [desk.programs, await toolsFolder(), desk.env.PATH].filter((one) => one !== undefined)
  const env = { ...desk.env, PATH: path.join(delimiter) }
  return new Promise((resolve) => {
    const options = { env, cwd: desk.folder, timeout: 55_000 }
    const child = execFile('/bin/sh', ['-c', `{ ${command}\n} 2>&1`], options, (error, stdout) =>
      resolve({ output: stdout, code: error ? Number(error.code ?? 1) : 0 }),
    )
    child.stdin!.end()
  })
}
