import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { Controller, Result } from '#world/controller.ts'
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isReady } from '../../pods.ts'
import { PROVISIONED_BY, VOLUMES } from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'
import { unlessGone } from '../replicas.ts'
import { externalProvisioner, RETRY_MS } from './external-provisioner.ts'

const NAME = 'rancher.io/local-path'
const NAMESPACE = 'local-path-storage'
const DEFAULT_NODE = 'DEFAULT_PATH_FOR_NON_LISTED_NODES'
/** How long its helper pod takes to make or remove a folder, ms. */
const HELPER_MS = 2_000
/** The annotation that says where a volume's folder is. */
const ON_NODE = 'local.path.provisioner/selected-node'

/** What the provisioner's ConfigMap says: folders by node. */
interface Configuration {
  nodePathMap?: { node: string; paths: string[] }[]
}

/**
 * The local-path provisioner: makes folders of nodes into volumes while its pod is ready and the API `serves`. `hostOf` is the file
 * system of a node.
 * Models rancher/local-path-provisioner v0.0.31 (provisioner.go), read 2026-11.
 */
export function localPathProvisioner(
  plane: ControlPlane,
  hostOf: (node: string) => ContainerFs,
  serves: () => boolean,
): Controller {
  const { api } = plane

  const provisioner = (): Pod | undefined =>
    api
      .list<Pod>('pods', NAMESPACE)
      .find((pod) => pod.metadata.labels?.app === 'local-path-provisioner' && isReady(pod))

  function refusal(claim: PersistentVolumeClaim, node: string | undefined): string | undefined {
    const modes = claim.spec.accessModes ?? []
    if (modes.some((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod'))
      return 'NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'
    if (claim.spec.selector) return 'claim.Spec.Selector is not supported'
    if (!node) return 'configuration error, no node was specified'
    return pathOn(node) ? undefined : `no local path available on node ${node}`
  }

  function pathOn(node: string): string | undefined {
    const text = api.get<ConfigMap>('configmaps', NAMESPACE, 'local-path-config')?.data?.['config.json']
    let configuration: Configuration
    try {
      configuration = JSON.parse(text ?? '{}')
    } catch {
      return undefined
    }
    const map = configuration.nodePathMap ?? []
    return (map.find((entry) => entry.node === node) ?? map.find((entry) => entry.node === DEFAULT_NODE))
      ?.paths[0]
  }

  /** Removes the folder of what its claim has left, and the volume. */
  function reclaim(volume: PersistentVolume): Result | undefined {
    const { annotations = {}, deletionTimestamp, name } = volume.metadata
    if (annotations[PROVISIONED_BY] !== NAME || deletionTimestamp) return
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete' || volume.status?.phase !== 'Released') return
    if (!provisioner()) return { requeueAfterMs: RETRY_MS }
    const files = hostOf(annotations[ON_NODE]!)
    const path = volume.spec.hostPath!.path
    if (files.exists(path)) files.remove(path, { recursive: true })
    unlessGone(() => api.delete(VOLUMES, '', name))
  }

  const controller = externalProvisioner(plane, {
    name: NAME,
    controller: 'local-path-provisioner',
    pod: provisioner,
    createMs: HELPER_MS,
    refusal,
    create(claim, name, node) {
      const path = `${pathOn(node!)}/${name}_${claim.metadata.namespace}_${claim.metadata.name}`
      hostOf(node!).makeFolder(path, { recursive: true, mode: 0o777 })
      const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node!] }] }
      return {
        annotations: { [ON_NODE]: node! },
        spec: {
          hostPath: { path, type: 'DirectoryOrCreate' },
          nodeAffinity: { required: { nodeSelectorTerms: [term] } },
        },
      }
    },
    reclaim,
  })
  return {
    ...controller,
    reconcile: (key) => (serves() ? controller.reconcile(key) : { requeueAfterMs: RETRY_MS }),
  }
}
