import type { Controller } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { ConfigMap, Namespace } from '../objects.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'

const ROOT_CA = 'kube-root-ca.crt'

/** Gives every namespace the account `default` and the cluster's CA. Models pkg/controller/serviceaccount and certificates/rootcacertpublisher. */
export function namespaceDefaultsController(plane: ControlPlane): Controller {
  const { api, options } = plane
  const data = () => ({ 'ca.crt': options.certificateAuthority.certificate })

  function reconcile(name: string): void {
    const namespace = api.get<Namespace>('namespaces', '', name)
    if (!namespace || namespace.metadata.deletionTimestamp) return
    if (!api.get('serviceaccounts', name, 'default')) {
      api.create('serviceaccounts', {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    }
    const published = api.get<ConfigMap>('configmaps', name, ROOT_CA)
    if (!published) {
      const description =
        'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'
      api.create<ConfigMap>('configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: ROOT_CA,
          namespace: name,
          annotations: { 'kubernetes.io/description': description },
        },
        data: data(),
      })
    } else if (!equal(published.data, data())) api.update('configmaps', { ...published, data: data() })
  }

  /** The namespace of a default object that was changed or deleted. */
  const restored =
    (defaultName: string) =>
    ({ entry }: { entry: { value: ConfigMap } }): string[] =>
      entry.value.metadata.name === defaultName ? [entry.value.metadata.namespace!] : []

  return {
    name: 'serviceaccount-controller',
    sources: [
      { prefix: api.prefix('namespaces'), keys: ownKey },
      { prefix: api.prefix('serviceaccounts'), keys: restored('default') },
      { prefix: api.prefix('configmaps'), keys: restored(ROOT_CA) },
    ],
    reconcile,
  }
}
