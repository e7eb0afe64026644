import { createHash } from 'node:crypto'
import { apiVersionOf, type Kind, type Subresource } from '../kinds/kind.ts'
import type { Kinds } from '../kinds/kinds.ts'

interface Discovery {
  /** Unaggregated documents by path: `/api`, `/apis`, `/apis/apps`, `/apis/apps/v1`. */
  plain: Map<string, string>
  /** `apidiscovery.k8s.io/v2` of `/api` and `/apis`. */
  aggregated: Map<string, string>
  etag: string
}

const KIND_VERBS = (kind: Kind) => [...kind.verbs].sort()

const storageHash = (kind: Kind) =>
  createHash('sha256')
    .update(`${kind.group}/${kind.version}/${kind.kind}`)
    .digest('base64')
    .slice(0, 11)
    .concat('=')

function plainResource(kind: Kind): object[] {
  return [
    {
      name: kind.plural,
      singularName: kind.singular,
      namespaced: kind.namespaced,
      kind: kind.kind,
      verbs: KIND_VERBS(kind),
      ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
      ...(kind.categories.length > 0 && { categories: kind.categories }),
      ...(!kind.virtual && { storageVersionHash: storageHash(kind) }),
    },
    ...kind.subresources.map((sub) => ({
      name: `${kind.plural}/${sub.name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...(sub.group && { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: [...sub.verbs].sort(),
    })),
  ]
}

function aggregatedResource(kind: Kind): object {
  const responseKind = (of: Kind | Subresource) => ({
    group: of.group ?? kind.group,
    version: of.version ?? kind.version,
    kind: of.kind,
  })
  return {
    resource: kind.plural,
    responseKind: responseKind(kind),
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: KIND_VERBS(kind),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(kind.subresources.length > 0 && {
      subresources: kind.subresources.map((sub) => ({
        subresource: sub.name,
        responseKind: responseKind(sub),
        verbs: [...sub.verbs].sort(),
      })),
    }),
  }
}

function build(kinds: Kinds): Discovery {
  const plain = new Map<string, string>()
  const put = (path: string, value: object) => plain.set(path, JSON.stringify(value))
  const groups = kinds.groupVersions()
  const named = groups.filter(({ group }) => group)
  const apiGroup = ({ group, versions }: { group: string; versions: string[] }) => {
    const all = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
    return { name: group, versions: all, preferredVersion: all[0] }
  }
  put('/api', {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '' }],
  })
  put('/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(apiGroup) })
  for (const { group, versions } of groups) {
    if (group) put(`/apis/${group}`, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup({ group, versions }) })
    for (const version of versions) {
      put(group ? `/apis/${group}/${version}` : `/api/${version}`, {
        kind: 'APIResourceList',
        ...(group && { apiVersion: 'v1' }),
        groupVersion: apiVersionOf({ group, version }),
        resources: kinds.in(group, version).flatMap(plainResource),
      })
    }
  }
  const aggregate = (list: typeof groups) =>
    JSON.stringify({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: list.map(({ group, versions }) => ({
        metadata: { ...(group && { name: group }) },
        versions: versions.map((version) => ({
          version,
          resources: kinds.in(group, version).map(aggregatedResource),
          freshness: 'Current',
        })),
      })),
    })
  const aggregated = new Map([
    ['/api', aggregate(groups.filter(({ group }) => !group))],
    ['/apis', aggregate(named)],
  ])
  const etag = createHash('sha256')
    .update([...aggregated.values()].join())
    .digest('hex')
    .toUpperCase()
  return { plain, aggregated, etag: `"${etag}"` }
}

const built = new WeakMap<Kinds, { state: string; discovery: Discovery }>()

/** What the server serves, as discovery tells it. */
export function discoveryOf(kinds: Kinds): Discovery {
  const state = kinds.state()
  const known = built.get(kinds)
  if (known?.state === state) return known.discovery
  const discovery = build(kinds)
  built.set(kinds, { state, discovery })
  return discovery
}
