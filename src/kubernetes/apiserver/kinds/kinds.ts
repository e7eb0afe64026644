import type { Entry } from '#world/store.ts'
import { compareVersions, customKinds, isEstablished } from '../custom/kinds.ts'
import { AGGREGATED } from './aggregated.ts'
import { type Kind, qualified } from './kind.ts'
import { findKind, groupVersions, kindAt, kindOf, kindsIn } from './registry.ts'
import { KINDS } from './table.ts'

/** Where a cluster's CustomResourceDefinitions are read. */
export interface Definitions {
  get(name: string): Entry | undefined
  list(): readonly Entry[]
  /** The APIService that registers an aggregated group and version. */
  apiService(name: string): Entry | undefined
}

const BUILT_IN = KINDS.filter((kind) => !kind.storedAs && !kind.virtual)
const BUILT_IN_BY_KIND = new Map(BUILT_IN.map((kind) => [`${kind.group}/${kind.kind}`, kind]))

/** The resources that one cluster serves: those of Kubernetes and those of its CustomResourceDefinitions. */
export class Kinds {
  readonly #definitions: Definitions

  constructor(definitions: Definitions) {
    this.#definitions = definitions
  }

  /** The resource at `/apis/<group>/<version>/<plural>`. */
  at(group: string, version: string, plural: string): Kind | undefined {
    return (
      kindAt(group, version, plural) ??
      this.#aggregated().find(
        (kind) => kind.group === group && kind.version === version && kind.plural === plural,
      ) ??
      this.#custom(`${plural}.${group}`).find((kind) => kind.version === version && kind.served !== false)
    )
  }

  /** The kind that stores a resource (`pods`, `widgets.example.com`). Throws on one that is not served. */
  of(resource: string): Kind {
    const builtIn = findKind(resource)
    if (builtIn) return this.storage(builtIn)
    return this.#custom(resource)[0]?.custom?.storage ?? kindOf(resource)
  }

  /** Whether a resource is served. */
  has(resource: string): boolean {
    return findKind(resource) !== undefined || this.#custom(resource).length > 0
  }

  /** The kind in whose form a resource's objects are stored. */
  storage(kind: Kind): Kind {
    if (kind.custom) return kind.custom.storage
    return kind.storedAs ? kindOf(kind.storedAs) : kind
  }

  /** The served versions of a resource, the one of storage first. */
  versionsOf(kind: Kind): Kind[] {
    const stored = this.storage(kind)
    const all = kind.custom
      ? this.#custom(qualified(kind))
      : KINDS.filter((other) => qualified(other) === qualified(kind))
    return [stored, ...all.filter((other) => other !== stored && other.served !== false)]
  }

  /** The kind that an `apiVersion` and `kind` name; undefined when none is served. */
  objectKind(apiVersion: string, kind: string): Kind | undefined {
    const [version, group = ''] = apiVersion.split('/').reverse() as [string, string?]
    return this.in(group, version).find((candidate) => candidate.kind === kind && !candidate.virtual)
  }

  /** The stored kind of a name, as an owner reference gives it. */
  named(group: string, kind: string): Kind | undefined {
    const builtIn = BUILT_IN_BY_KIND.get(`${group}/${kind}`)
    if (builtIn) return builtIn
    return this.#customStored().find((candidate) => candidate.group === group && candidate.kind === kind)
  }

  /** Every resource that is stored. */
  stored(): Kind[] {
    return [...BUILT_IN, ...this.#customStored()]
  }

  /** Groups with their versions, preferred first, in discovery's order: custom ones last, by name. */
  groupVersions(): { group: string; versions: string[] }[] {
    const groups = groupVersions().map(({ group, versions }) => ({ group, versions: [...versions] }))
    const custom = Map.groupBy([...this.#served(), ...this.#aggregated()], ({ group }) => group)
    for (const [group, kinds] of [...custom].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const versions = [...new Set(kinds.map(({ version }) => version))].sort(compareVersions)
      const known = groups.find((candidate) => candidate.group === group)
      if (!known) groups.push({ group, versions })
      else known.versions.push(...versions.filter((version) => !known.versions.includes(version)))
    }
    return groups
  }

  /** The resources of one group and version. */
  in(group: string, version: string): Kind[] {
    const custom = [...this.#served(), ...this.#aggregated()].filter(
      (kind) => kind.group === group && kind.version === version,
    )
    return [...kindsIn(group, version), ...custom]
  }

  /** The groups and versions that CustomResourceDefinitions add. */
  custom(): { group: string; version: string; kinds: Kind[] }[] {
    const groups = Map.groupBy(this.#served(), ({ group, version }) => `${group}/${version}`)
    return [...groups.values()].map((kinds) => ({
      group: kinds[0]!.group,
      version: kinds[0]!.version,
      kinds,
    }))
  }

  /** Differs when what is served differs. */
  state(): string {
    return [
      ...this.#established().map(({ key, modRevision }) => `${key}@${modRevision}`),
      ...this.#aggregated().map(({ group, plural }) => `${plural}.${group}`),
    ].join()
  }

  #aggregated(): Kind[] {
    return AGGREGATED.filter(({ apiService }) => this.#definitions.apiService(apiService)).flatMap(
      ({ kinds }) => kinds,
    )
  }

  #custom(name: string): Kind[] {
    if (!name.includes('.')) return []
    const entry = this.#definitions.get(name)
    return entry && isEstablished(entry) ? customKinds(entry) : []
  }

  #customStored(): Kind[] {
    return this.#established().map((entry) => customKinds(entry)[0]!.custom!.storage)
  }

  #established(): Entry[] {
    return this.#definitions.list().filter(isEstablished)
  }

  #served(): Kind[] {
    return this.#established()
      .flatMap((entry) => customKinds(entry))
      .filter((kind) => kind.served !== false)
  }
}
