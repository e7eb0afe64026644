import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Lab, openLab } from '../unit/containers/lab.ts'
import { bash, type Ran } from './lab-shell.ts'

/** Whether the machine has a docker client; says so when it has none. */
export function hasDocker(): boolean {
  return hasTool('docker')
}

/** Whether the machine has a tool; says so when it has none. */
export function hasTool(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    console.warn(`no ${name} on PATH: its tests are skipped`)
    return false
  }
}

/** A command line, and what it must say: all of its output (both streams, trimmed), or a part, or `[exit code, output]`. */
export type Step = [command: string, expected?: string | RegExp | [code: number, output: string | RegExp]]

/** An engine on a socket, and a shell whose docker is connected with it. */
export class DockerEngineShell {
  readonly lab: Lab
  readonly folder: string
  readonly #env: Record<string, string>
  readonly #close: () => Promise<void>

  private constructor(lab: Lab, folder: string, env: Record<string, string>, close: () => Promise<void>) {
    this.lab = lab
    this.folder = folder
    this.#env = env
    this.#close = close
  }

  /** `docker`: the machine's own client, or the project's. */
  static async open(docker: 'real' | 'ours' = 'real'): Promise<DockerEngineShell> {
    const folder = await mkdtemp(join(tmpdir(), 'drydock-engine-'))
    const lab = await openLab({ home: folder })
    const socket = join(folder, 'docker.sock')
    const server = createServer({ requestTimeout: 0 }, (req, res) => lab.engine.request(req, res))
    server.on('upgrade', (req, stream, head) => lab.engine.upgrade(req, stream, head))
    server.listen(socket)
    await once(server, 'listening')
    if (docker === 'ours') {
      const main = new URL('../../src/containers/cli/main.ts', import.meta.url).pathname
      await mkdir(join(folder, 'bin'))
      await writeFile(
        join(folder, 'bin', 'docker'),
        `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
        { mode: 0o755 },
      )
    }
    const env = {
      PATH: docker === 'ours' ? `${join(folder, 'bin')}:${process.env.PATH}` : process.env.PATH!,
      HOME: folder,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_BUILDKIT: '0',
      DOCKER_CONFIG: join(folder, '.docker'),
    }
    return new DockerEngineShell(lab, folder, env, async () => {
      server.closeAllConnections()
      server.close()
      await lab.close()
      await rm(folder, { recursive: true, force: true })
    })
  }

  run(command: string): Promise<Ran> {
    return bash(`set +e +o pipefail; ${command}`, this.folder, this.#env)
  }

  /** Runs commands one after the other and checks each. */
  async session(steps: readonly Step[]): Promise<void> {
    for (const [command, expected] of steps) {
      const { code, stdout, stderr } = await this.run(command)
      const output = [stdout, stderr].filter(Boolean).join('\n')
      const [wanted, text] = Array.isArray(expected) ? expected : [0, expected]
      const said = { command, code, output }
      if (text === undefined) expect.soft(said).toMatchObject({ command, code: wanted })
      else if (typeof text === 'string') expect.soft(said).toEqual({ command, code: wanted, output: text })
      else expect.soft(said).toEqual({ command, code: wanted, output: expect.stringMatching(text) })
    }
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.folder, name), text)
  }

  close(): Promise<void> {
    return this.#close()
  }
}
