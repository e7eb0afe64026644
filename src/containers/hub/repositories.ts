import type { World } from '#world/world.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { RepositoryContents } from '../registry/contents.ts'
import { LIMITS } from './data/plans.ts'

export interface HubRepository {
  private: boolean
  description?: string
  fullDescription?: string
  createdAt: number
  pulls?: number
}

/** The plan does not allow another private repository. */
export class PrivateLimitError extends Error {
  override readonly name = 'PrivateLimitError'
  constructor(namespace: string) {
    super(
      `Private repository limit exceeded: the Docker Personal plan of ${namespace} includes ${LIMITS.privateRepositories} private repository. Make another one public, delete it, or upgrade.`,
    )
  }
}

/** The repositories of a world's Docker Hub: those that people made, and the official ones of the catalogue. */
export class HubRepositories {
  readonly #world: World
  readonly #catalogue: Catalogue
  readonly #contents: () => RepositoryContents
  readonly #host: string

  constructor(options: {
    world: World
    catalogue: Catalogue
    host: string
    contents: () => RepositoryContents
  }) {
    this.#world = options.world
    this.#catalogue = options.catalogue
    this.#host = options.host
    this.#contents = options.contents
  }

  get(name: string): HubRepository | undefined {
    const own = this.#world.store.get<HubRepository>(`docker-hub/repositories/${name}`)?.value
    if (own) return own
    return this.#catalogue.has(this.#host, name) ? { private: false, createdAt: OFFICIAL_SINCE } : undefined
  }

  /** Names of a namespace's repositories. */
  list(namespace: string): string[] {
    return this.all()
      .filter((name) => name.startsWith(`${namespace}/`))
      .sort()
  }

  /** The names of all repositories. */
  all(): string[] {
    const own = this.#world.store
      .list('docker-hub/repositories/')
      .entries.map(({ key }) => key.slice('docker-hub/repositories/'.length))
    return [...new Set([...own, ...this.#catalogue.repositories(this.#host)])]
  }

  /** Makes or changes a repository. Throws PrivateLimitError. */
  set(
    name: string,
    change: Partial<Pick<HubRepository, 'private' | 'description' | 'fullDescription'>>,
  ): HubRepository {
    const known = this.#world.store.get<HubRepository>(`docker-hub/repositories/${name}`)?.value
    if (change.private && !known?.private) this.#checkPrivate(name.slice(0, name.indexOf('/')))
    const next: HubRepository = {
      createdAt: this.#world.clock.now(),
      ...known,
      ...change,
      private: change.private ?? known?.private ?? false,
    }
    this.#world.store.put(`docker-hub/repositories/${name}`, next)
    return next
  }

  delete(name: string): boolean {
    if (!this.#world.store.delete(`docker-hub/repositories/${name}`)) return false
    this.#contents().metadata.deleteRepository(name)
    return true
  }

  /** Counts a pull on the repository's page. */
  countPull(name: string): void {
    this.#world.store.update<HubRepository>(`docker-hub/repositories/${name}`, (known) =>
      known ? { ...known, pulls: (known.pulls ?? 0) + 1 } : undefined,
    )
  }

  #checkPrivate(namespace: string): void {
    const held = this.list(namespace).filter((name) => this.get(name)?.private).length
    if (held >= LIMITS.privateRepositories) throw new PrivateLimitError(namespace)
  }
}

const OFFICIAL_SINCE = Date.parse('2014-06-05T00:00:00Z')
