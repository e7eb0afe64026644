import { qualified } from '../kinds/kind.ts'
import type { Kinds } from '../kinds/kinds.ts'
import type { Objects } from '../storage/objects.ts'
import type { RequestInfo } from './request-info.ts'

/** What `/metrics` tells: requests since the process came up, and what is stored. */
export class Metrics {
  readonly #objects: Objects
  readonly #gitVersion: string
  readonly #requests = new Map<string, number>()

  constructor(objects: Objects, gitVersion: string) {
    this.#objects = objects
    this.#gitVersion = gitVersion
  }

  /** Counts an answered request about an API object. Others, whose paths are without limit, are not told apart. */
  count(info: RequestInfo, kinds: Kinds, code: number): void {
    const known = info.isResource ? kinds.at(info.group, info.version, info.resource) : undefined
    const { group, version, resource } = known ? info : NOTHING
    const subresource = known?.subresources.find(({ name }) => name === info.subresource)?.name ?? ''
    const verb = known ? (METHODS[info.verb] ?? info.verb.toUpperCase()) : 'other'
    const scope = !known ? '' : info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster'
    const labels = `code="${code}",component="apiserver",dry_run="",group="${group}",resource="${resource}",scope="${scope}",subresource="${subresource}",verb="${verb}",version="${version}"`
    this.#requests.set(labels, (this.#requests.get(labels) ?? 0) + 1)
  }

  /** The Prometheus text format. */
  text(): string {
    const [, major, minor] = this.#gitVersion.match(/^v(\d+)\.(\d+)/) ?? []
    const stored = this.#objects.kinds
      .stored()
      .map(
        (kind) =>
          `apiserver_resource_objects{group="${kind.group}",resource="${qualified(kind).split('.')[0]}"} ${this.#objects.list(kind).entries.length}`,
      )
    return [
      '# HELP apiserver_request_total [STABLE] Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      '# TYPE apiserver_request_total counter',
      ...[...this.#requests].map(([labels, value]) => `apiserver_request_total{${labels}} ${value}`),
      '# HELP apiserver_resource_objects [ALPHA] Number of stored objects at the time of last check split by kind.',
      '# TYPE apiserver_resource_objects gauge',
      ...stored,
      "# HELP kubernetes_build_info [ALPHA] A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
      '# TYPE kubernetes_build_info gauge',
      `kubernetes_build_info{git_version="${this.#gitVersion}",major="${major}",minor="${minor}",platform="linux/amd64"} 1`,
      '',
    ].join('\n')
  }
}

/** Writes are counted by their HTTP method. */
const METHODS: Record<string, string> = { create: 'POST', update: 'PUT' }

const NOTHING = { group: '', version: '', resource: '' }
