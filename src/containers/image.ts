/** The part of an OCI image configuration that running and inspecting need (image-spec v1.1, config.md). */
export interface ImageConfig {
  architecture: string
  /** `v8` */
  variant?: string
  os: string
  created?: string
  author?: string
  config: {
    User?: string
    ExposedPorts?: Record<string, Record<string, never>>
    Env?: string[]
    Entrypoint?: string[] | null
    Cmd?: string[] | null
    Volumes?: Record<string, Record<string, never>>
    WorkingDir?: string
    Labels?: Record<string, string>
    StopSignal?: string
    Healthcheck?: {
      Test?: string[]
      Interval?: number
      Timeout?: number
      Retries?: number
      StartPeriod?: number
    }
    Shell?: string[]
    OnBuild?: string[]
  }
  rootfs: { type: 'layers'; diff_ids: string[] }
  history?: {
    created?: string
    created_by?: string
    comment?: string
    author?: string
    empty_layer?: boolean
  }[]
}

/** `{ mediaType, digest, size }` of OCI. */
export interface Descriptor {
  mediaType: string
  digest: string
  size: number
  annotations?: Record<string, string>
  platform?: { architecture: string; os: string; variant?: string }
}

/** An image on a machine: everything is in the blob store under its digest. */
export interface Image {
  /** Digest of the configuration, Docker's image id (`sha256:…`). */
  id: string
  config: ImageConfig
  /** Layers, bottom first. */
  layers: Descriptor[]
  /** Digest of the manifest that it was pulled by or pushed as, if any. */
  manifestDigest?: string
}

/** User name and password, or nothing for anonymous. */
export interface RegistryCredentials {
  username: string
  password: string
}

/**
 * Why a pull failed. `message` is containerd's text, as `kubectl describe` shows it after
 * `failed to pull and unpack image "…": `.
 */
export class PullError extends Error {
  override readonly name = 'PullError'
  readonly kind:
    | 'not-found'
    | 'unauthorized'
    | 'forbidden'
    | 'rate-limited'
    | 'unreachable'
    | 'invalid-reference'
  constructor(kind: PullError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Pulls images over the registry API of the world's own registries. */
export interface ImagePuller {
  /**
   * `reference` is normalized (`docker.io/library/nginx:1.27`). `dial` is asked before each connection and throws ConnectError
   * where the machine's packets do not get. Throws PullError.
   */
  pull(
    reference: string,
    credentials: RegistryCredentials | undefined,
    dial?: (host: string, port: number) => void,
  ): Promise<Image & { sizeBytes: number }>
}
