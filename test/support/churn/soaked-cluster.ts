import type { BlobStore } from '#containers/blobs/store.ts'
import type { ContainerRuntime } from '#containers/runtime.ts'
import { GP2_CLASS } from '#kubernetes/addons/ebs-csi-driver.ts'
import type { ClusterApi } from '#kubernetes/api.ts'
import type { KubernetesCluster } from '#kubernetes/cluster.ts'
import { eksAddon } from '#kubernetes/eks-addons.ts'
import { createAuthority } from '#network/authority.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import { Clock } from '#world/clock.ts'
import { Ids } from '#world/ids.ts'
import type { Store } from '#world/store.ts'
import { World } from '#world/world.ts'
import { machine, startCluster } from '../served-cluster.ts'

const START = Date.parse('2026-11-21T10:00:00Z')
const authority = createAuthority('kubernetes', START)
/** Where the world's time is kept. */
const NOW = 'soak/now'

/** A cluster that is churned: its world stands still but for `world.advance`. */
export interface SoakedCluster {
  world: World
  cluster: KubernetesCluster
  api: ClusterApi
  network: VirtualNetwork
  /** What happens is drawn from these. */
  random: Ids
  /** The containers that were made and not removed: id → host name of the pod. */
  containers: Map<string, string>
  /** What controllers failed at, beside what churn means them to fail at. */
  errors: string[]
  addNode(): void
  /** Lets time go by, ms, and notes how far it has come. */
  advance(ms: number): Promise<void>
  close(): void
}

/** What a controller may fail at: the quota says no, the namespace goes, somebody else wrote first, an orphan has the name. */
const MEANT =
  /exceeded quota|failed quota|is being terminated|namespaces "[^"]*" not found|the object has been modified|not found$|already exists$/

/** Starts a cluster, or goes on with the one in `store`. */
export async function soakedCluster(blobs: BlobStore, seed: string, store?: Store): Promise<SoakedCluster> {
  const errors: string[] = []
  const containers = new Map<string, string>()
  const world = new World({
    id: 'soak',
    seed,
    clock: new Clock({ speed: 0, now: store?.get<number>(NOW)?.value ?? START }),
    provisioning: 'instant',
    ...(store && { store }),
    log: {
      error(controller, key, error) {
        const text = `${controller} ${key}: ${(error as Error).stack ?? error}`
        if (!MEANT.test((error as Error).message) && !errors.includes(text)) errors.push(text)
      },
    },
  })
  const fresh = world.store.size === 0
  const { cluster, network } = await startCluster(world, blobs, {
    authority: await authority,
    wrap: (runtime) => counting(runtime, containers),
  })
  const api = cluster.client
  const self: SoakedCluster = {
    world,
    cluster,
    api,
    network,
    random: new Ids(seed),
    containers,
    errors,
    addNode() {
      const index = world.store.update<number>('soak/nodes', (last) => (last ?? 0) + 1)!
      cluster.kubelets.registerNode(machine(index))
    },
    async advance(ms) {
      await world.advance(ms)
      world.store.put(NOW, world.clock.now())
    },
    close() {
      cluster.stop()
      world.close()
    },
  }
  if (fresh) {
    for (let n = 0; n < 3; n++) self.addNode()
    installVolumes(api)
  }
  await self.advance(1000)
  return self
}

/** The EBS CSI driver and a class of its volumes. */
function installVolumes(api: ClusterApi): void {
  const options = { version: 'v1.53.0-eksbuild.1', registry: 'public.ecr.aws', dnsAddress: '10.100.0.10' }
  for (const { resource, object } of eksAddon('aws-ebs-csi-driver', options)) api.create(resource, object)
  api.create(GP2_CLASS.resource, GP2_CLASS.object)
}

/** A runtime that notes what it has made and what was removed again. */
function counting(runtime: ContainerRuntime, alive: Map<string, string>): ContainerRuntime {
  return {
    sandboxProcesses: () => runtime.sandboxProcesses(),
    async create(spec) {
      const container = await runtime.create(spec)
      alive.set(spec.id, spec.hostname)
      return new Proxy(container, {
        get(target, name) {
          if (name === 'remove') {
            return () => {
              alive.delete(spec.id)
              return target.remove()
            }
          }
          const value = Reflect.get(target, name, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}
