import { apiVersionOf, type Kind, qualified } from './kind.ts'
import { GROUP_ORDER, KINDS } from './table.ts'

const byPath = new Map<string, Kind>()
const byKind = new Map<string, Kind>()
const byQualified = new Map<string, Kind>()
for (const kind of KINDS) {
  byPath.set(`${kind.group}/${kind.version}/${kind.plural}`, kind)
  byKind.set(`${apiVersionOf(kind)}/${kind.kind}`, kind)
  if (!byQualified.has(qualified(kind))) byQualified.set(qualified(kind), kind)
}

/** The resource at `/apis/<group>/<version>/<plural>`. */
export const kindAt = (group: string, version: string, plural: string): Kind | undefined =>
  byPath.get(`${group}/${version}/${plural}`)

/** The resource whose objects say this `apiVersion` and `kind`. */
export const kindNamed = (apiVersion: string, kind: string): Kind | undefined =>
  byKind.get(`${apiVersion}/${kind}`)

/** The preferred version of a resource of Kubernetes itself; undefined when there is none. */
export const findKind = (resource: string): Kind | undefined => byQualified.get(resource)

/** The preferred version of a resource: `pods`, `deployments.apps`. Throws on one that is not served. */
export function kindOf(resource: string): Kind {
  const kind = byQualified.get(resource)
  if (!kind) throw new Error(`no resource ${JSON.stringify(resource)} is served by the API server`)
  return kind
}

/** Groups with their versions, preferred first, in discovery's order. */
export function groupVersions(): { group: string; versions: string[] }[] {
  return GROUP_ORDER.map((group) => ({
    group,
    versions: [...new Set(KINDS.filter((kind) => kind.group === group).map((kind) => kind.version))],
  }))
}

/** The resources of one group and version. */
export const kindsIn = (group: string, version: string): Kind[] =>
  KINDS.filter((kind) => kind.group === group && kind.version === version)
