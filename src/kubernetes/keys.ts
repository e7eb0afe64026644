/**
 * Where Kubernetes objects live in the world's store:
 * `kubernetes/<clusterUid>/<group, core for ''>/<resource>/<namespace, _ for none>/<name>`.
 * The value is the object as served, without `metadata.resourceVersion`: that is the entry's `modRevision`.
 */
export function objectKey(
  clusterUid: string,
  group: string,
  resource: string,
  namespace: string,
  name: string,
): string {
  return `${resourcePrefix(clusterUid, group, resource, namespace)}${name}`
}

/** The prefix of all objects of a resource, in one namespace when given (`''`: cluster-scoped objects' `_`). */
export function resourcePrefix(
  clusterUid: string,
  group: string,
  resource: string,
  namespace?: string,
): string {
  const all = `kubernetes/${clusterUid}/${group || 'core'}/${resource}/`
  return namespace === undefined ? all : `${all}${namespace || '_'}/`
}
