import { findKind } from '../../apiserver/kinds/registry.ts'

// Where an API server keeps its objects in etcd, and where the world's store has them. Source: the storage factories and registries of
// kubernetes/kubernetes v1.35 (pkg/kubeapiserver/default_storage_factory_builder.go, pkg/registry/*/*/storage), from knowledge 2026-11.

/** `--etcd-prefix` */
export const REGISTRY = '/registry'

/** Resources that are kept under another name than their own. */
const NAMES: Record<string, string> = {
  nodes: 'minions',
  endpoints: 'services/endpoints',
  services: 'services/specs',
  replicationcontrollers: 'controllers',
  'ingresses.networking.k8s.io': 'ingress',
  'apiservices.apiregistration.k8s.io': 'apiregistration.k8s.io/apiservices',
  'customresourcedefinitions.apiextensions.k8s.io': 'apiextensions.k8s.io/customresourcedefinitions',
}

/** `kubernetes/<cluster>/<group>/<resource>/<namespace>/<name>` of the world's store → `/registry/pods/default/web`. */
export function registryKey(storeKey: string): string {
  const [, , group = '', resource = '', namespace = '', ...name] = storeKey.split('/')
  const qualified = group === 'core' ? resource : `${resource}.${group}`
  const folder = NAMES[qualified] ?? (findKind(qualified) ? resource : `${group}/${resource}`)
  return [REGISTRY, folder, ...(namespace === '_' ? [] : [namespace]), ...name].join('/')
}
