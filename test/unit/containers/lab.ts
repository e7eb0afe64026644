import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobStore } from '#containers/blobs/store.ts'
import { Catalogue } from '#containers/catalogue/catalogue.ts'
import { DockerEngine } from '#containers/engine/engine.ts'
import { LayerTrees } from '#containers/files/layers.ts'
import { basicCredentials } from '#containers/hub/credentials.ts'
import { DockerHub } from '#containers/hub/docker-hub.ts'
import { createImagePuller } from '#containers/images/puller.ts'
import { HostTransport, readAnswer } from '#containers/images/transport.ts'
import {
  createContainerRuntime,
  type SimulatedContainer,
  type SimulatedSpec,
} from '#containers/processes/runtime.ts'
import { registryProgram } from '#containers/programs/registry.ts'
import { RegistryError, type RegistryPolicy } from '#containers/registry/policy.ts'
import { Registry } from '#containers/registry/registry.ts'
import type { ProcessHandle } from '#containers/runtime.ts'
import type { HostTable } from '#network/hosts.ts'
import { VirtualNetwork } from '#network/virtual-network.ts'
import { World, type WorldOptions } from '#world/world.ts'

export const REGISTRY = '111122223333.dkr.ecr.us-east-1.amazonaws.com'

/** A registry with Basic credentials and fixed repositories, as ECR is one. */
export function basicPolicy(repositories: string[]): RegistryPolicy {
  return {
    authenticate(request) {
      const credentials = basicCredentials(request.headers.authorization)
      if (credentials?.username === 'AWS' && credentials.password === 'token') return credentials
      throw new RegistryError(401, 'UNAUTHORIZED', 'Not Authorized', {
        headers: { 'www-authenticate': `Basic realm="https://${REGISTRY}/",service="ecr.amazonaws.com"` },
      })
    },
    authorize() {},
    requireRepository(_identity, _action, repository) {
      if (repositories.includes(repository)) return
      throw new RegistryError(
        404,
        'NAME_UNKNOWN',
        `The repository with name '${repository}' does not exist in the registry with id '111122223333'`,
      )
    },
  }
}

/** A world with registries, an engine and a runtime, on a folder of its own. */
export async function openLab(
  options: { folder?: string; world?: Partial<WorldOptions>; home?: string } = {},
) {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'drydock-containers-')))
  const blobs = await BlobStore.open(folder)
  const world = new World({ id: 'test', seed: 'test', ...options.world })
  const network = new VirtualNetwork()
  const catalogue = new Catalogue(blobs)
  const hub = new DockerHub({ world, blobs, catalogue })
  const registry = new Registry({ host: REGISTRY, world, blobs, policy: basicPolicy(['web', 'team/api']) })
  const hosts: HostTable = { resolve: (host) => (host === REGISTRY ? registry : hub.resolve(host)) }
  const trees = new LayerTrees(blobs)
  const runtime = createContainerRuntime({
    clock: world.clock,
    network,
    trees,
    programs: (name, _argv0, version) =>
      name === 'registry' ? registryProgram({ world, blobs }, version) : undefined,
  })
  const engine = new DockerEngine({ world, blobs, hosts, network, trees, runtime, home: () => options.home })
  const puller = createImagePuller({ hosts, blobs })
  return {
    folder,
    blobs,
    world,
    network,
    hub,
    registry,
    hosts,
    transport: new HostTransport(hosts),
    runtime,
    engine,
    puller,
    /** Asks the engine's API. */
    docker: client(engine),
    /** Asks an engine that knows of the world only what its store and its blobs say. */
    restartedEngine: () => client(new DockerEngine({ world, blobs, hosts, network })),
    /** A container of an image by its Docker Hub name. */
    async container(image: string, spec: Partial<SimulatedSpec> = {}): Promise<SimulatedContainer> {
      return runtime.create({
        id: '0'.repeat(64),
        image: await puller.pull(`docker.io/library/${image}`, undefined),
        env: {},
        hostname: 'box',
        address: '10.0.0.5',
        ...spec,
      })
    },
    async close() {
      world.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks an engine's API. */
function client(engine: DockerEngine) {
  const transport = new HostTransport({ resolve: () => engine })
  return async (method: string, path: string, body?: unknown, headers = {}) => {
    const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body))
    const answer = await transport.send(`http://docker${path}`, { method, headers, body: bytes })
    const text = (await readAnswer(answer)).toString()
    return {
      status: answer.statusCode!,
      text,
      json: text.startsWith('{') || text.startsWith('[') ? tryJson(text) : undefined,
    }
  }
}

export type Lab = Awaited<ReturnType<typeof openLab>>

// biome-ignore lint/suspicious/noExplicitAny: answers of the API.
function tryJson(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Everything that a process writes, and how it ends. */
export async function finish(
  process: ProcessHandle,
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const read = async (stream: ProcessHandle['stdout']) => {
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  const [stdout, stderr, { exitCode }] = await Promise.all([
    read(process.stdout),
    read(process.stderr),
    process.exited,
  ])
  return { stdout, stderr, exitCode }
}

/** Resolves when the stream's text so far contains `text`. */
export function appears(stream: ProcessHandle['stdout'], text: string): Promise<string> {
  return new Promise((resolve) => {
    let seen = ''
    stream.on('data', function look(chunk: Buffer) {
      seen += chunk
      if (!seen.includes(text)) return
      stream.off('data', look)
      resolve(seen)
    })
  })
}

/** Resolves when something has become true by work that goes on by itself. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}
