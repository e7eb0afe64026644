import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KubernetesCluster } from '#kubernetes/cluster.ts'
import type { AnsweredRequest } from '#kubernetes/provider.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import { Clock } from '#world/clock.ts'
import type { Store } from '#world/store.ts'
import { World } from '#world/world.ts'
import { machine, servedCluster } from '../support/served-cluster.ts'
import { tool } from '../support/tools.ts'

export interface Output {
  code: number
  stdout: string
  stderr: string
}

/** A cluster behind a real HTTPS server, and the real kubectl configured for it. */
export interface KubectlCluster {
  world: World
  cluster: KubernetesCluster
  network: VirtualNetwork
  folder: string
  url: string
  /** kubectl's path, and the environment in which it finds the cluster. */
  program: string
  env: NodeJS.ProcessEnv
  /** One request as the administrator; the answer's body is still to be read. */
  request(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<IncomingMessage>
  /** As `request`, with a body that is sent as it is. */
  send(
    method: string,
    path: string,
    body: string | Buffer,
    headers?: Record<string, string>,
  ): Promise<IncomingMessage>
  /** Runs kubectl; `input` is its standard input. */
  run(args: string[], options?: { input?: string; user?: string }): Promise<Output>
  /** Runs kubectl and gives what it printed; fails when kubectl does. */
  kubectl(command: string, input?: string): Promise<string>
  /** Runs a kubectl that fails; gives what it says. `user` is a context: `alice` has no rights, `nobody` a bad token. */
  refused(command: string, input?: string, user?: string): Promise<string>
  /** Runs kubectl and gives both of its outputs: what it warns of, then what it prints. */
  both(command: string, input?: string): Promise<string>
  close(): Promise<void>
}

/** The token `admin` is of group system:masters; `user:<name>` is an ordinary user of that name. */
const authenticate = async (token: string) => {
  if (token === 'admin') return { username: 'admin', groups: ['system:masters'] }
  return token.startsWith('user:') ? { username: token.slice(5), groups: ['developers'] } : undefined
}

export async function kubectlCluster(
  options: { store?: Store; nodes?: number; onAnswer?(request: AnsweredRequest): void } = {},
): Promise<KubectlCluster> {
  const clock = new Clock()
  const world = new World({ id: 'test', clock, ...(options.store && { store: options.store }) })
  const folder = await mkdtemp(join(tmpdir(), 'drydock-kubectl-'))
  const served = await servedCluster(world, {
    folder,
    authenticate,
    ...(options.onAnswer && { onAnswer: options.onAnswer }),
  })
  const { cluster, network, url, authority } = served
  for (let index = 1; index <= (options.nodes ?? 2); index++) cluster.kubelets.registerNode(machine(index))
  await writeFile(join(folder, 'ca.crt'), authority)
  await writeFile(join(folder, 'config'), kubeconfig(url, join(folder, 'ca.crt')))
  const program = process.env.DRYDOCK_KUBECTL ?? (await tool('kubectl'))
  const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: join(folder, 'config') }
  const run: KubectlCluster['run'] = (args, { input, user } = {}) =>
    execute(program, [...(user ? ['--context', user] : []), ...args], { env, cwd: folder }, input)
  const send: KubectlCluster['send'] = (method, path, text, headers) =>
    new Promise((resolve, reject) => {
      const all = {
        authorization: 'Bearer admin',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        ...headers,
      }
      const req = request(`${url}${path}`, { method, ca: authority, headers: all }, resolve)
      req.on('error', reject)
      req.end(text)
    })
  return {
    world,
    cluster,
    network,
    folder,
    url,
    program,
    env,
    request: (method, path, body, headers) => send(method, path, body ? JSON.stringify(body) : '', headers),
    send,

    run,
    async kubectl(command, input) {
      const output = await run(words(command), input === undefined ? {} : { input })
      if (output.code !== 0) throw new Error(`kubectl ${command} failed:\n${output.stderr}${output.stdout}`)
      return output.stdout
    },
    async refused(command, input, user) {
      const output = await run(words(command), {
        ...(input !== undefined && { input }),
        ...(user && { user }),
      })
      if (output.code === 0) throw new Error(`kubectl ${command} did not fail:\n${output.stdout}`)
      return output.stderr
    },
    async both(command, input) {
      const output = await run(words(command), input === undefined ? {} : { input })
      if (output.code !== 0) throw new Error(`kubectl ${command} failed:\n${output.stderr}${output.stdout}`)
      return output.stderr + output.stdout
    },
    async close() {
      await served.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Splits a command line; single quotes keep words together. */
const words = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!)

const USERS = { admin: 'admin', alice: 'user:alice', nobody: 'wrong' }

function kubeconfig(server: string, ca: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'admin',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': ca } }],
    users: Object.entries(USERS).map(([name, token]) => ({ name, user: { token } })),
    contexts: Object.keys(USERS).map((name) => ({ name, context: { cluster: 'test', user: name } })),
  })
}

function execute(
  program: string,
  args: string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
  input: string | undefined,
): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { ...options, timeout: 55_000 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    )
    child.stdin!.end(input ?? '')
  })
}
