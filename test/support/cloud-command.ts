import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bash, type Ran } from './lab-shell.ts'

const bin = fileURLToPath(new URL('../../bin/drydock.js', import.meta.url))

/** Runs `drydock …` to its end. */
export async function drydock(
  command: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const words = command.map((word) => `'${word}'`).join(' ')
  return bash(
    `'${process.execPath}' -- '${bin}' ${words}`,
    options.cwd ?? tmpdir(),
    options.env ?? process.env,
  )
}

/** `drydock cloud` as a program, with an `--env-file` and a home folder for shells that source it. */
export class CloudCommand {
  readonly home: string
  readonly envFile: string
  output = ''
  readonly #child: ChildProcess
  readonly #exited: Promise<[number | null, NodeJS.Signals | null]>

  private constructor(home: string, options: string[]) {
    this.home = home
    this.envFile = join(home, 'cloud.env')
    this.#child = spawn(process.execPath, ['--', bin, 'cloud', '--env-file', this.envFile, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#exited = once(this.#child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (text) => {
        this.output += text
      })
    }
  }

  /** Starts it and waits for its environment file and for all that it prints. */
  static async start(...options: string[]): Promise<CloudCommand> {
    const command = new CloudCommand(await mkdtemp(join(tmpdir(), 'drydock-cloud-home-')), options)
    while (!(await command.ready()) || !command.output.includes('Ctrl-C ends it.')) {
      if (command.#child.exitCode !== null)
        throw new Error(`drydock cloud ended with ${command.#child.exitCode}:\n${command.output}`)
      await setTimeout(20)
    }
    return command
  }

  ready(): Promise<boolean> {
    return access(this.envFile).then(
      () => true,
      () => false,
    )
  }

  /** The endpoint for AWS_ENDPOINT_URL, as it was printed. */
  get endpoint(): string {
    return /^AWS_ENDPOINT_URL=(.*)$/m.exec(this.output)![1]!
  }

  /** A variable of the environment file. */
  async variable(name: string): Promise<string> {
    return new RegExp(`^export ${name}='(.*)'$`, 'm').exec(await readFile(this.envFile, 'utf8'))![1]!
  }

  /** Runs a script in a shell of which nothing is set but what every login shell has, and the environment file. */
  shell(script: string): Promise<Ran> {
    return bash(`. '${this.envFile}'\n${script}`, this.home, {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: this.home,
    })
  }

  /** Ends it as a service manager does; gives its exit code, null if the signal itself ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.#child.exitCode === null && !this.#child.signalCode) this.#child.kill(signal)
    const [code] = await this.#exited
    return code
  }

  /** Ends it and removes the home folder. */
  async close(): Promise<void> {
    await this.stop()
    await rm(this.home, { recursive: true, force: true })
  }
}
