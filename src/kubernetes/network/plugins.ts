import type { ControlPlane } from '../controllers/control-plane.ts'
import type { Pod } from '../objects.ts'
import { MissingPermission } from '../provider.ts'

/** What a network plug-in's daemon has of the node that it runs on. */
export interface NodePlugin {
  /** Makes the calls to the cloud that it starts with. Throws MissingPermission, or another Error when it has no way to make them. */
  begin(pod: string, env: ReadonlyMap<string, string>): void
  /** It gives pods their addresses until it is closed. */
  serve(): { close(): void }
  /** Whether one serves there. */
  readonly serves: boolean
  /** An event of a pod in kube-system, as `source`. */
  warn(pod: string, source: string, reason: string, message: string): void
}

/**
 * The daemons of network plug-ins (ipamd of the VPC CNI) on a cluster's nodes: without one a container runtime that is configured for it
 * gets no address for a pod. They are processes, so which of them serve is known from these alone.
 */
export class NodePlugins {
  readonly #plane: ControlPlane
  readonly #serving = new Map<string, number>()
  readonly #refused = new Set<string>()
  readonly #listeners = new Set<(node: string) => void>()

  constructor(plane: ControlPlane) {
    this.#plane = plane
  }

  serves(node: string): boolean {
    return this.#serving.has(node)
  }

  /** Whether the cloud has refused what the daemon of a node needs. */
  isRefused(node: string): boolean {
    return this.#refused.has(node)
  }

  /** The node is gone. */
  forget(node: string): void {
    this.#refused.delete(node)
  }

  /** Calls `listener` with each node on which one begins to serve. */
  onServe(listener: (node: string) => void): void {
    this.#listeners.add(listener)
  }

  at(node: string): NodePlugin {
    const { api } = this.#plane
    const podNamed = (name: string) => api.get<Pod>('pods', 'kube-system', name)
    const self = this
    return {
      begin: (name, env) => this.#begin(node, podNamed(name), env),
      serve: () => this.#serve(node),
      get serves() {
        return self.serves(node)
      },
      warn: (name, component, reason, message) => {
        const pod = podNamed(name)
        if (pod) api.event(pod, 'Warning', reason, message, { component })
      },
    }
  }

  #begin(node: string, pod: Pod | undefined, env: ReadonlyMap<string, string>): void {
    const account = pod?.spec.serviceAccountName ?? 'default'
    try {
      this.#plane.options.provider.beginNetwork?.({ node, account, env })
      this.#refused.delete(node)
    } catch (error) {
      if (error instanceof MissingPermission) this.#refused.add(node)
      throw error
    }
  }

  #serve(node: string): { close(): void } {
    const { options, podsByNode } = this.#plane
    const count = (by: number) => {
      const now = (this.#serving.get(node) ?? 0) + by
      if (now > 0) this.#serving.set(node, now)
      else this.#serving.delete(node)
    }
    count(1)
    // What ended while nobody served is given back.
    options.provider.keepPodAddresses(
      node,
      new Set(podsByNode.get(node).map(({ metadata }) => metadata.uid!)),
    )
    for (const listener of this.#listeners) listener(node)
    return { close: () => count(-1) }
  }
}
