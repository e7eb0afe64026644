import type { WorldInfo } from '#cloud/api.ts'

/** What a check is run against, as plain data. The checks are the same for all. */
export type Target =
  /** A world of the simulated cloud, reached as the learner's shell reaches it. */
  | {
      kind: 'simulated'
      region: string
      credentials: { accessKeyId: string; secretAccessKey: string }
      proxyUrl: string
      /** PEM file of the lab's CA. */
      caFile: string
      /** The Docker Engine's `unix:///…/docker.sock`. */
      dockerHost: string
    }
  /** A real account, by the SDK's default credential chain. */
  | { kind: 'aws'; region?: string; profile?: string }
  /** Any cluster, by a kubeconfig (default: `KUBECONFIG`, else `~/.kube/config`). */
  | { kind: 'kubeconfig'; file?: string; context?: string }

/** The target of a world, with the keys of its administrator. */
export function simulatedTarget(world: WorldInfo): Target {
  return {
    kind: 'simulated',
    region: world.region,
    credentials: world.administrator,
    proxyUrl: world.proxyUrl,
    caFile: world.caFile,
    dockerHost: world.dockerHost,
  }
}
