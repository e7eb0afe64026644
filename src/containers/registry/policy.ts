import type { IncomingMessage } from 'node:http'

/** What a request wants of a repository. */
export type RegistryAction = 'pull' | 'push' | 'delete'

/** Who asks, as the policy that gave it understands it. */
export type RegistryIdentity = unknown

/** An error in the form of the distribution specification. `headers` go out with it (`www-authenticate`). */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  readonly status: number
  readonly code: string
  readonly detail: unknown
  readonly headers: Record<string, string>
  constructor(
    status: number,
    code: string,
    message: string,
    options: { detail?: unknown; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.detail = options.detail
    this.headers = options.headers ?? {}
  }
}

/** A tag about to be written. */
export interface TagWrite {
  repository: string
  tag: string
  digest: string
  /** What the tag names now, if it exists. */
  previous: string | undefined
  identity: RegistryIdentity
}

/** What makes one registry differ from another. Everything may throw RegistryError. */
export interface RegistryPolicy {
  /**
   * Who is asking; for wrong or missing credentials throw a 401 RegistryError with a `www-authenticate` header.
   * `needed` is what the request will need (nothing for the ping `GET /v2/`), for a token challenge's scope.
   */
  authenticate(
    request: IncomingMessage,
    needed: { action: RegistryAction; repository: string } | undefined,
  ): Promise<RegistryIdentity> | RegistryIdentity
  /** Throws when the identity may not. */
  authorize(identity: RegistryIdentity, action: RegistryAction, repository: string): Promise<void> | void
  /** Throws NAME_UNKNOWN (404) when the repository does not exist and, for a push, cannot be made by pushing. */
  requireRepository(
    identity: RegistryIdentity,
    action: RegistryAction,
    repository: string,
  ): Promise<void> | void
  /** Whether blobs may be mounted from other repositories. Default: yes. */
  mountsBlobs?(): boolean
  /** Told before a manifest is looked up, so that one from elsewhere can be brought in. */
  beforeRead?(event: {
    repository: string
    reference: string
    identity: RegistryIdentity
  }): Promise<void> | void
  /** Asked before a tag is written: throw to keep it (immutable tags). */
  beforeTag?(write: TagWrite): Promise<void> | void
  /** Asked before a manifest or tag is deleted: throw to keep it. */
  beforeDelete?(event: {
    repository: string
    reference: string
    identity: RegistryIdentity
  }): Promise<void> | void
  /** Asked before a manifest is given out: throw to refuse (pull limits). Gives headers for the answer. */
  beforePull?(event: {
    repository: string
    digest: string
    method: 'GET' | 'HEAD'
    identity: RegistryIdentity
  }): Promise<Record<string, string> | undefined> | Record<string, string> | undefined
  /** Asked before a blob is given out. */
  blobPulled?(event: {
    repository: string
    digest: string
    size: number
    method: 'GET' | 'HEAD'
    identity: RegistryIdentity
  }): Promise<void> | void
  /** Told after a manifest has been stored, with the tag it was pushed by, if any. */
  manifestPushed?(event: {
    repository: string
    digest: string
    mediaType: string
    tag: string | undefined
    identity: RegistryIdentity
  }): Promise<void> | void
  /** Told when a manifest has been read with GET. */
  manifestPulled?(event: {
    repository: string
    digest: string
    identity: RegistryIdentity
  }): Promise<void> | void
}
