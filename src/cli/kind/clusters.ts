import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineClient } from '#containers/cli/client.ts'
import { BALANCER_IMAGE, balancerName, configureBalancer, createBalancer } from './balancer.ts'
import type { ClusterConfig } from './config.ts'
import { kubeadmConfig, podSubnetOf } from './kubeadm-config.ts'
import {
  addToKubeconfig,
  contextName,
  exportedConfig,
  kubeconfigPath,
  removeFromKubeconfig,
} from './kubeconfig.ts'
import { KindError, type Status } from './log.ts'
import {
  createNode,
  ensureImage,
  ensureNetwork,
  type KindNode,
  listNodes,
  must,
  namesOf,
  run,
  writeNodeFile,
} from './nodes.ts'
import { DEFAULT_IMAGE } from './version.ts'

const ADMIN = '/etc/kubernetes/admin.conf'
/** How often a node is asked whether it is ready, ms. */
const POLL_MS = 500

export interface CreateOptions {
  name: string
  image?: string
  /** ms */
  waitMs: number
  kubeconfig?: string
  retain?: boolean
}

/** `kind create cluster`. Throws KindError. */
export async function createCluster(
  engine: EngineClient,
  status: Status,
  config: ClusterConfig,
  options: CreateOptions,
): Promise<void> {
  const { name } = options
  if (!/^[a-z0-9.-]+$/.test(name))
    throw new KindError(
      `failed to create cluster: '${name}' is not a valid cluster name, cluster names must match \`^[a-z0-9.-]+$\``,
    )
  if ((await listNodes(engine, name)).length > 0)
    throw new KindError(
      `failed to create cluster: node(s) already exist for a cluster with the name "${name}"`,
    )
  status.say(`Creating cluster "${name}" ...`)
  try {
    await build(engine, status, config, options)
  } catch (error) {
    if (!options.retain) {
      status.say(`Deleted nodes: ${JSON.stringify(await removeNodes(engine, name)).replaceAll(',', ' ')}`)
    }
    throw error instanceof KindError && !error.message.startsWith('failed')
      ? new KindError(`failed to create cluster: ${error.message}`)
      : error
  }
  const path = kubeconfigPath(options.kubeconfig)
  await exportKubeconfig(engine, name, path)
  status.say(`Set kubectl context to "${contextName(name)}"`)
  status.say(
    `You can now use your cluster with:\n\nkubectl cluster-info --context ${contextName(name)}${options.kubeconfig ? ` --kubeconfig ${options.kubeconfig}` : ''}\n`,
  )
  status.say('Have a nice day! 👋')
}

async function build(
  engine: EngineClient,
  status: Status,
  config: ClusterConfig,
  options: CreateOptions,
): Promise<void> {
  const { name: cluster } = options
  const imageOf = (image: string | undefined) => options.image ?? image ?? DEFAULT_IMAGE
  for (const image of new Set(config.nodes.map((node) => imageOf(node.image))))
    await status.step(`Ensuring node image (${image.replace(/@sha256:.*$/, '')}) 🖼`, () =>
      ensureImage(engine, image),
    )
  const names = namesOf(cluster, config.nodes)
  const planes = names.filter((_, index) => config.nodes[index]!.role === 'control-plane')
  const balancer = planes.length > 1 ? balancerName(cluster) : undefined
  if (balancer) await ensureImage(engine, BALANCER_IMAGE)
  await ensureNetwork(engine)
  await status.step(`Preparing nodes ${'📦 '.repeat(names.length)}`, () =>
    Promise.all([
      ...(balancer ? [createBalancer(engine, cluster, config.networking.apiServerPort)] : []),
      ...config.nodes.map((node, index) =>
        createNode(engine, {
          cluster,
          name: names[index]!,
          image: imageOf(node.image),
          node,
          ...(config.networking.apiServerPort && !balancer && { apiPort: config.networking.apiServerPort }),
        }),
      ),
    ]),
  )
  if (balancer)
    await status.step('Configuring the external load balancer ⚖️', () =>
      configureBalancer(engine, cluster, planes),
    )
  const [controlPlane = '', ...furtherPlanes] = planes
  const podSubnet = config.networking.podSubnet ?? (await freePodSubnet(engine, cluster))
  await status.step('Writing configuration 📜', async () => {
    for (const [index, node] of config.nodes.entries()) {
      const name = names[index]!
      const version = (await must(engine, name, ['cat', '/kind/version'])).trim()
      const address = await addressOf(engine, name)
      await writeNodeFile(
        engine,
        name,
        '/kind/kubeadm.conf',
        kubeadmConfig({
          config,
          node,
          cluster,
          name,
          address,
          version,
          podSubnet,
          endpointHost: balancer ?? controlPlane,
        }),
      )
    }
  })
  await status.step('Starting control-plane 🕹️', async () => {
    await must(engine, controlPlane, [
      'kubeadm',
      'init',
      '--config=/kind/kubeadm.conf',
      '--skip-phases=preflight',
      '--skip-token-print',
      '--v=6',
    ])
    for (const plane of furtherPlanes) await copyKeys(engine, controlPlane, plane)
  })
  const kubectl = ['kubectl', `--kubeconfig=${ADMIN}`]
  const workers = names.filter((_, index) => config.nodes[index]!.role === 'worker')
  if (!config.networking.disableDefaultCNI)
    await status.step('Installing CNI 🔌', async () => {
      const manifest = await must(engine, controlPlane, ['cat', '/kind/manifests/default-cni.yaml'])
      await must(
        engine,
        controlPlane,
        [...kubectl, 'create', '-f', '-'],
        manifest.replaceAll('{{ .PodSubnet }}', podSubnet),
      )
    })
  if (names.length === 1)
    await run(engine, controlPlane, [
      ...kubectl,
      'taint',
      'nodes',
      '--all',
      'node-role.kubernetes.io/control-plane-',
    ])
  await status.step('Installing StorageClass 💾', async () => {
    const manifest = await must(engine, controlPlane, ['cat', '/kind/manifests/default-storage.yaml'])
    await must(engine, controlPlane, [...kubectl, 'apply', '-f', '-'], manifest)
  })
  const join = (name: string) =>
    must(engine, name, [
      'kubeadm',
      'join',
      '--config',
      '/kind/kubeadm.conf',
      '--skip-phases=preflight',
      '--v=6',
    ])
  if (furtherPlanes.length > 0)
    await status.step('Joining more control-plane nodes 🎮', async () => {
      // Members of etcd join one after another.
      for (const plane of furtherPlanes) await join(plane)
    })
  if (workers.length > 0) await status.step('Joining worker nodes 🚜', () => Promise.all(workers.map(join)))
  if (options.waitMs > 0) await waitForReady(engine, status, controlPlane, options.waitMs)
}

/** What control planes have in common (pkg/cluster/internal/create/actions/kubeadminit). */
const SHARED_KEYS = ['ca', 'front-proxy-ca', 'etcd/ca']
  .flatMap((name) => [`pki/${name}.crt`, `pki/${name}.key`])
  .concat('pki/sa.pub', 'pki/sa.key')

async function copyKeys(engine: EngineClient, from: string, to: string): Promise<void> {
  for (const file of SHARED_KEYS) {
    const path = `/etc/kubernetes/${file}`
    await writeNodeFile(engine, to, path, await must(engine, from, ['cat', path]))
  }
}

async function waitForReady(
  engine: EngineClient,
  status: Status,
  node: string,
  waitMs: number,
): Promise<void> {
  const begun = process.hrtime.bigint()
  const passed = () => Number(process.hrtime.bigint() - begun) / 1e6
  const ready = await status.step(
    `Waiting ≤ ${goDuration(waitMs)} for control-plane = Ready ⏳`,
    async () => {
      while (passed() < waitMs) {
        const { stdout } = await run(engine, node, [
          'kubectl',
          `--kubeconfig=${ADMIN}`,
          'get',
          'nodes',
          '-l',
          'node-role.kubernetes.io/control-plane',
          '--no-headers',
        ])
        if (
          stdout !== '' &&
          stdout
            .trim()
            .split('\n')
            .every((line) => /\sReady\s/.test(line))
        )
          return true
        await sleep(POLL_MS)
      }
      return false
    },
  )
  status.say(
    ready ? ` • Ready after ${Math.round(passed() / 1000)}s 💚` : ' • WARNING: Timed out waiting for Ready ⚠️',
  )
}

/** `1m0s` */
function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`
}

async function addressOf(engine: EngineClient, name: string): Promise<string> {
  const { NetworkSettings } = await engine.json('GET', `/containers/${name}/json`)
  const networks = Object.values(NetworkSettings.Networks as Record<string, { IPAddress: string }>)
  return networks[0]?.IPAddress || NetworkSettings.IPAddress
}

/** kind's default, or the next range when another cluster has it: all clusters of a world share one network. */
async function freePodSubnet(engine: EngineClient, cluster: string): Promise<string> {
  const others = (await listNodes(engine)).filter(
    (node) => node.cluster !== cluster && node.role === 'control-plane' && node.state === 'running',
  )
  const taken = new Set(
    await Promise.all(
      others.map(async ({ name }) =>
        podSubnetOf((await run(engine, name, ['cat', '/kind/kubeadm.conf'])).stdout),
      ),
    ),
  )
  for (let block = 244; ; block++) {
    const subnet = `10.${block}.0.0/16`
    if (!taken.has(subnet) || block === 255) return subnet
  }
}

/** The kubeconfig of a cluster. Throws KindError. */
export async function clusterKubeconfig(engine: EngineClient, cluster: string): Promise<string> {
  const nodes = await listNodes(engine, cluster)
  const controlPlane = nodes.find(({ role }) => role === 'control-plane')
  if (!controlPlane)
    throw new KindError(
      `could not locate any control plane nodes for cluster named '${cluster}'. Use the --name option to select a different cluster`,
    )
  return exportedConfig(await must(engine, controlPlane.name, ['cat', ADMIN]), cluster)
}

export const exportKubeconfig = async (engine: EngineClient, cluster: string, path: string): Promise<void> =>
  addToKubeconfig(path, await clusterKubeconfig(engine, cluster))

async function removeNodes(engine: EngineClient, cluster: string): Promise<string[]> {
  const nodes = await listNodes(engine, cluster)
  for (const { id } of nodes) await engine.send('DELETE', `/containers/${id}?force=1&v=1`)
  return nodes.map(({ name }) => name)
}

/** `kind delete cluster`. */
export async function deleteCluster(
  engine: EngineClient,
  status: Status,
  cluster: string,
  kubeconfig?: string,
): Promise<void> {
  status.say(`Deleting cluster "${cluster}" ...`)
  await removeFromKubeconfig(kubeconfigPath(kubeconfig), cluster)
  const gone = await removeNodes(engine, cluster)
  if (gone.length > 0) status.say(`Deleted nodes: [${gone.map((name) => JSON.stringify(name)).join(' ')}]`)
}

/** The names of all clusters. */
export async function clusterNames(engine: EngineClient): Promise<string[]> {
  return [...new Set((await listNodes(engine)).map(({ cluster }: KindNode) => cluster))].sort()
}
