import type { Clusters } from './clusters.ts'

/** A schema as OpenAPI writes it. */
export type Schemas = Record<string, object>

/** `apps/v1`, `v1`, `example.com/v1alpha1`. */
const API_VERSION = /^(?:[a-z0-9.-]{1,200}\/)?v[0-9a-z]{1,30}$/

/**
 * The schemas of an API group and version by name, as the clusters of a world serve them: what an editor needs to help with a
 * manifest. Undefined when no cluster runs that serves it.
 */
export async function clusterSchemas(clusters: Clusters, apiVersion: string): Promise<Schemas | undefined> {
  if (!API_VERSION.test(apiVersion)) return undefined
  const path = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`
  for (const { kubernetes } of clusters.all()) {
    const document = await kubernetes.openApi(path)
    if (document) return JSON.parse(document.text).components?.schemas
  }
  return undefined
}
