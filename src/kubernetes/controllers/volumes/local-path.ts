import type { ContainerFs } from '#containers/processes/container-fs.ts'
import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import type { ConfigMap, PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isReady, nameOf, splitName } from '../../pods.ts'
import {
  CLAIMS,
  claimReference,
  classOf,
  isBound,
  isDelayed,
  PROVISIONED_BY,
  PROVISIONER,
  SELECTED_NODE,
  VOLUMES,
} from '../../volumes/claims.ts'
import type { ControlPlane } from '../control-plane.ts'
import { unlessGone } from '../replicas.ts'

const NAME = 'rancher.io/local-path'
const NAMESPACE = 'local-path-storage'
const DEFAULT_NODE = 'DEFAULT_PATH_FOR_NON_LISTED_NODES'
/** How long its helper pod takes to make or remove a folder, ms. */
const HELPER_MS = 2_000
/** A provisioner that is not there yet is looked for again after this, ms. */
const RETRY_MS = 10_000

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
  const { api, world, options } = plane

  const provisioner = (): Pod | undefined =>
    api
      .list<Pod>('pods', NAMESPACE)
      .find((pod) => pod.metadata.labels?.app === 'local-path-provisioner' && isReady(pod))

  function reconcile(key: string): Result | undefined {
    if (!serves()) return { requeueAfterMs: RETRY_MS }
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === VOLUMES) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', name)
      return volume && reclaim(volume)
    }
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(name))
    return claim && !claim.metadata.deletionTimestamp ? provision(claim) : undefined
  }

  function provision(claim: PersistentVolumeClaim): Result | undefined {
    if (isBound(claim) || claim.spec.volumeName) return
    if (claim.metadata.annotations?.[PROVISIONER] !== NAME) return
    const node = claim.metadata.annotations[SELECTED_NODE]
    if (isDelayed(api, claim) && !node) return
    const name = `pvc-${claim.metadata.uid}`
    if (api.get(VOLUMES, '', name)) return
    const pod = provisioner()
    if (!pod) return { requeueAfterMs: RETRY_MS }
    const source = { component: `${NAME}_${pod.metadata.name}_${pod.metadata.uid}` }
    const trouble = refusal(claim, node)
    if (trouble) {
      const message = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": ${trouble}`
      api.event(claim, 'Warning', 'ProvisioningFailed', message, source)
      return { requeueAfterMs: RETRY_MS }
    }
    const begun = `provisioning/${options.uid}/${claim.metadata.uid}`
    const since = world.store.get<number>(begun)?.value
    if (since === undefined) {
      const message = `External provisioner is provisioning volume for claim "${nameOf(claim)}"`
      api.event(claim, 'Normal', 'Provisioning', message, source)
      world.store.put(begun, plane.now())
      return { requeueAfterMs: HELPER_MS }
    }
    const left = since + HELPER_MS - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    const folder = `${pathOn(node!)}/${name}_${claim.metadata.namespace}_${claim.metadata.name}`
    hostOf(node!).makeFolder(folder, { recursive: true, mode: 0o777 })
    create(claim, name, node!, folder)
    world.store.delete(begun)
    api.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, source)
  }

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

  function create(claim: PersistentVolumeClaim, name: string, node: string, path: string): void {
    const found = classOf(api, claim)
    const term = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] }
    api.create<PersistentVolume>(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name,
        finalizers: ['kubernetes.io/pv-protection'],
        annotations: { 'local.path.provisioner/selected-node': node, [PROVISIONED_BY]: NAME },
      },
      spec: {
        capacity: { storage: claim.spec.resources?.requests?.storage },
        accessModes: claim.spec.accessModes,
        volumeMode: claim.spec.volumeMode,
        storageClassName: claim.spec.storageClassName,
        persistentVolumeReclaimPolicy: found?.reclaimPolicy ?? 'Delete',
        claimRef: claimReference(claim),
        hostPath: { path, type: 'DirectoryOrCreate' },
        nodeAffinity: { required: { nodeSelectorTerms: [term] } },
      },
      status: {},
    } as PersistentVolume)
  }

  /** Removes the folder of what its claim has left, and the volume. */
  function reclaim(volume: PersistentVolume): Result | undefined {
    const { annotations = {}, deletionTimestamp, name } = volume.metadata
    if (annotations[PROVISIONED_BY] !== NAME || deletionTimestamp) return
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete' || volume.status?.phase !== 'Released') return
    if (!provisioner()) return { requeueAfterMs: RETRY_MS }
    const files = hostOf(annotations['local.path.provisioner/selected-node']!)
    const path = volume.spec.hostPath!.path
    if (files.exists(path)) files.remove(path, { recursive: true })
    unlessGone(() => api.delete(VOLUMES, '', name))
  }

  return {
    name: 'local-path-provisioner',
    sources: [
      { prefix: api.prefix(CLAIMS), keys: keyed(CLAIMS) },
      { prefix: api.prefix(VOLUMES), keys: keyed(VOLUMES) },
    ],
    reconcile,
  }
}

const keyed =
  (resource: string) =>
  ({ entry }: { entry: { value: KubernetesObject } }): string[] => [`${resource}/${nameOf(entry.value)}`]
