import { type Image, PullError, type RegistryCredentials } from '#containers/image.ts'
import { canonicalName, InvalidReferenceError, parseTagged } from '#containers/images/reference.ts'
import type { ClusterOptions } from '../provider.ts'
import { DIAL_TIMEOUT_MS, PULL_BYTES_PER_SECOND, PULL_OVERHEAD_MS } from './timings.ts'

/** An image on a node. Stands in the store, as a node's disk survives its reboot. */
export interface NodeImage {
  /** Normalized, with its tag: `docker.io/library/nginx:1.27`. */
  reference: string
  image: Image
  sizeBytes: number
}

/** What came of a pull, and when on the world's clock it is over. */
export interface PullOutcome {
  startedAt: number
  doneAt: number
  image?: NodeImage
  /** The kubelet's text, as in `Failed to pull image "x": …`. */
  error?: string
}

/** `docker.io/library/nginx:1.27` of `nginx:1.27`. Throws InvalidReferenceError. */
export function normalizeImage(text: string): string {
  const reference = parseTagged(text)
  const name = canonicalName(reference)
  return reference.digest ? `${name}@${reference.digest}` : `${name}:${reference.tag}`
}

/** `imageID` of a container status: the manifest's digest where there is one. */
export function imageIdOf({ reference, image }: NodeImage): string {
  const name = canonicalName(parseTagged(reference))
  return image.manifestDigest ? `${name}@${image.manifestDigest}` : image.id
}

export type NodeImagesOptions = Pick<ClusterOptions, 'uid' | 'world' | 'images'> & {
  provider: Pick<ClusterOptions['provider'], 'registryCredentials' | 'dial'>
}

/** The images of a cluster's nodes, and their pulls: one at a time on each node, as kubelets do by default. */
export class NodeImages {
  readonly #options: NodeImagesOptions
  readonly #queues = new Map<string, Promise<unknown>>()

  constructor(options: NodeImagesOptions) {
    this.#options = options
  }

  prefix(node: string): string {
    return `kubelet/${this.#options.uid}/images/${node}/`
  }

  find(node: string, reference: string): NodeImage | undefined {
    return this.#options.world.store.get<NodeImage>(`${this.prefix(node)}${reference}`)?.value
  }

  list(node: string): NodeImage[] {
    return this.#options.world.store.values<NodeImage>(this.prefix(node))
  }

  /** Gives a node an image without a pull. */
  put(node: string, image: NodeImage): void {
    this.#options.world.store.put(`${this.prefix(node)}${image.reference}`, image)
  }

  /** A node is gone, and its disk with it. */
  forget(node: string): void {
    const { store } = this.#options.world
    store.commit(store.list(this.prefix(node)).entries.map(({ key }) => ({ key, value: undefined })))
  }

  /** Pulls with the first credentials that work, none at last. `reference` is normalized. */
  async pull(node: string, reference: string, secrets: RegistryCredentials[]): Promise<PullOutcome> {
    const startedAt = this.#options.world.clock.now()
    const before = this.#queues.get(node) ?? Promise.resolve()
    const pull = before.then(() => this.#pull(node, reference, secrets, startedAt))
    this.#queues.set(node, pull)
    try {
      return await pull
    } finally {
      if (this.#queues.get(node) === pull) this.#queues.delete(node)
    }
  }

  async #pull(
    node: string,
    reference: string,
    secrets: RegistryCredentials[],
    startedAt: number,
  ): Promise<PullOutcome> {
    const { images, provider, world } = this.#options
    const dial = (host: string, port: number) => provider.dial?.(node, host, port)
    const known = new Set(this.list(node).flatMap(({ image }) => image.layers.map(({ digest }) => digest)))
    let failure: unknown
    for (const credentials of await this.#credentials(node, reference, secrets)) {
      try {
        const { sizeBytes, ...image } = await images.pull(reference, credentials, dial)
        const pulled: NodeImage = { reference, image, sizeBytes }
        world.store.put(`${this.prefix(node)}${reference}`, pulled)
        const missing = image.layers.filter(({ digest }) => !known.has(digest))
        const bytes = missing.reduce((sum, { size }) => sum + size, 0)
        return {
          startedAt,
          doneAt: this.#after(PULL_OVERHEAD_MS + (bytes / PULL_BYTES_PER_SECOND) * 1000),
          image: pulled,
        }
      } catch (error) {
        failure = error
        if (!(error instanceof PullError) || !['unauthorized', 'forbidden'].includes(error.kind)) break
      }
    }
    const silent = failure instanceof PullError && failure.message.endsWith('i/o timeout')
    return {
      startedAt,
      doneAt: this.#after(silent ? DIAL_TIMEOUT_MS : PULL_OVERHEAD_MS),
      error: failureText(reference, failure),
    }
  }

  #after(ms: number): number {
    return this.#options.world.clock.now() + ms
  }

  /** Pull secrets first, then the node's credential provider; anonymous only when there are neither. */
  async #credentials(
    node: string,
    reference: string,
    secrets: RegistryCredentials[],
  ): Promise<(RegistryCredentials | undefined)[]> {
    const own = await this.#options.provider.registryCredentials(node, reference)
    const all = own ? [...secrets, own] : secrets
    return all.length > 0 ? all : [undefined]
  }
}

function failureText(reference: string, failure: unknown): string {
  if (!(failure instanceof Error)) return String(failure)
  const text = `failed to pull and unpack image "${reference}": ${failure.message}`
  // containerd's other errors have no gRPC code of their own, and the kubelet leaves `Unknown` out.
  return failure instanceof PullError && failure.kind === 'not-found'
    ? `rpc error: code = NotFound desc = ${text}`
    : text
}

/** Why an image name cannot be used, in the kubelet's words; undefined when it can. */
export function invalidImageText(image: string): string | undefined {
  try {
    parseTagged(image)
  } catch (error) {
    if (!(error instanceof InvalidReferenceError)) throw error
    return `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${error.message}`
  }
}
