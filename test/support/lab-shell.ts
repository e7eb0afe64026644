import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { StartedAws } from '#workspace/tools/started-aws/started-aws.ts'
import type { WorldInfo } from '../../src/cloud/api.ts'
import { shellEnvironment } from '../../src/workspace/environment.ts'
import { writeAwsFiles } from '../../src/workspace/home.ts'
import { installTools } from '../../src/workspace/tools/install.ts'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a script in a real bash that ends at its first failing command. */
export async function bash(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  // Input from nowhere: with a pipe of Node.js, which is a socket, bash takes itself for a remote shell.
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { code: code ?? 1, stdout: stdout.trim(), stderr: stderr.trim() }
}

/** A learner's shell in a world: the environment of a lab's terminal, and a home folder of its own. */
export class LabShell {
  readonly world: WorldInfo
  readonly home: string
  readonly environment: Record<string, string>

  readonly #aws: StartedAws | undefined

  private constructor(parts: Pick<LabShell, 'world' | 'home' | 'environment'>, aws: StartedAws | undefined) {
    this.world = parts.world
    this.home = parts.home
    this.environment = parts.environment
    this.#aws = aws
  }

  /** `tools`: as a learner has them, the machine's own first; or only those that the project brings. */
  static async open(world: WorldInfo, tools: 'learner' | 'bundled' = 'learner'): Promise<LabShell> {
    const home = await mkdtemp(join(tmpdir(), 'drydock-shell-'))
    await writeAwsFiles(home, world)
    const toolbox = await installTools(tools === 'bundled' ? { machinePath: '' } : {})
    const aws = await StartedAws.of(toolbox)
    const environment = shellEnvironment({ world, toolbox, home })
    if (aws) environment.PATH = aws.before(environment.PATH!)
    return new LabShell({ world, home, environment }, aws)
  }

  run(script: string, variables: Record<string, string> = {}): Promise<Ran> {
    return bash(script, this.home, { ...this.environment, ...variables })
  }

  /** The output of a script that must succeed. */
  async ok(script: string, variables: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, variables)
    if (code !== 0) throw new Error(`the script ended with ${code}: ${script}\n${stdout}\n${stderr}`)
    return stdout
  }

  /** What a script that must fail says on standard error. */
  async fails(script: string, variables: Record<string, string> = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(script, variables)
    if (code === 0) throw new Error(`the script should have failed: ${script}\n${stdout}\n${stderr}`)
    return stderr
  }

  /** Puts a file into the home folder. */
  async write(path: string, content: string): Promise<void> {
    await mkdir(dirname(join(this.home, path)), { recursive: true })
    await writeFile(join(this.home, path), content)
  }

  async close(): Promise<void> {
    await this.#aws?.close()
    await rm(this.home, { recursive: true, force: true })
  }
}
