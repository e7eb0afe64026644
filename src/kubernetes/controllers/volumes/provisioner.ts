import type { Controller, Result } from '#world/controller.ts'
import type { KubernetesObject } from '../../api.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../../objects.ts'
import { isReady, nameOf, splitName } from '../../pods.ts'
import { parseQuantity } from '../../quantity.ts'
import {
  CLAIMS,
  claimReference,
  classOf,
  EBS_DRIVER,
  isBound,
  isDelayed,
  PROVISIONED_BY,
  PROVISIONER,
  SELECTED_NODE,
  VOLUMES,
} from '../../volumes/claims.ts'
import { volumeDataPrefix } from '../../volumes/files.ts'
import type { ControlPlane } from '../control-plane.ts'
import { unlessGone } from '../replicas.ts'

const ZONE = 'topology.kubernetes.io/zone'
/** How long CreateVolume takes until the volume is available, ms. */
const CREATE_MS = 3_000
/** A driver that is not there yet is looked for again after this, ms. */
const RETRY_MS = 10_000
const DELETER = 'external-provisioner.volume.kubernetes.io/finalizer'
const GIB = 2 ** 30

/** A ready pod of the driver's controller; undefined when the driver is not installed or not running. */
export function ebsDriver({ api }: ControlPlane): Pod | undefined {
  if (!api.get('csidrivers.storage.k8s.io', '', EBS_DRIVER)) return
  return api
    .list<Pod>('pods', 'kube-system')
    .find((pod) => pod.metadata.labels?.app === 'ebs-csi-controller' && isReady(pod))
}

/** The EBS CSI driver's controller: makes and deletes volumes while its pods run. Models external-provisioner with aws-ebs-csi-driver. */
export function ebsProvisioner(plane: ControlPlane): Controller {
  const { api, world, options } = plane

  function reconcile(key: string): Result | undefined {
    const slash = key.indexOf('/')
    const name = key.slice(slash + 1)
    if (key.slice(0, slash) === VOLUMES) {
      const volume = api.get<PersistentVolume>(VOLUMES, '', name)
      return volume && reclaim(volume)
    }
    const claim = api.get<PersistentVolumeClaim>(CLAIMS, ...splitName(name))
    return claim && !claim.metadata.deletionTimestamp ? provision(claim) : undefined
  }

  const driver = () => ebsDriver(plane)

  function provision(claim: PersistentVolumeClaim): Result | undefined {
    if (isBound(claim) || claim.spec.volumeName) return
    if (claim.metadata.annotations?.[PROVISIONER] !== EBS_DRIVER) return
    const selected = claim.metadata.annotations[SELECTED_NODE]
    if (isDelayed(api, claim) && !selected) return
    const name = `pvc-${claim.metadata.uid}`
    if (api.get(VOLUMES, '', name)) return
    const pod = driver()
    if (!pod) return { requeueAfterMs: RETRY_MS }
    const source = { component: `${EBS_DRIVER}_${pod.metadata.name}_${pod.metadata.uid}` }
    const modes = claim.spec.accessModes ?? []
    const unsupported = modes.find((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod')
    if (unsupported && claim.spec.volumeMode !== 'Block') {
      const message = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": rpc error: code = InvalidArgument desc = Volume capabilities ${modes.map(csiMode).join(' ')} not supported. Only AccessModes[ReadWriteOnce] supported.`
      api.event(claim, 'Warning', 'ProvisioningFailed', message, source)
      return { requeueAfterMs: RETRY_MS }
    }
    const begun = `provisioning/${options.uid}/${claim.metadata.uid}`
    const since = world.store.get<number>(begun)?.value
    if (since === undefined) {
      const message = `External provisioner is provisioning volume for claim "${nameOf(claim)}"`
      api.event(claim, 'Normal', 'Provisioning', message, source)
      world.store.put(begun, plane.now())
      return { requeueAfterMs: CREATE_MS }
    }
    const left = since + CREATE_MS - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    const zone = zoneFor(selected)
    let handle: string
    try {
      handle = makeVolume(claim, name, zone)
    } catch (error) {
      const text = `failed to provision volume with StorageClass "${claim.spec.storageClassName}": ${(error as Error).message}`
      api.event(claim, 'Warning', 'ProvisioningFailed', text, source)
      return { requeueAfterMs: RETRY_MS }
    }
    create(claim, name, zone, handle)
    world.store.delete(begun)
    api.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`, source)
  }

  /** Where a volume is made: beside the pod that will use it, or in any zone with nodes. */
  function zoneFor(nodeName: string | undefined): string {
    const nodes = api.list<Node>('nodes')
    const node = nodes.find(({ metadata }) => metadata.name === nodeName) ?? nodes[0]
    return node?.metadata.labels?.[ZONE] ?? ''
  }

  const gibOf = (claim: PersistentVolumeClaim) =>
    Math.max(1, Math.ceil(parseQuantity(claim.spec.resources?.requests?.storage) / GIB))

  function makeVolume(claim: PersistentVolumeClaim, name: string, zone: string): string {
    const { volumes } = options.provider
    if (!volumes) return `vol-0${world.ids.hex(16)}`
    const { namespace = '', name: claimName } = claim.metadata
    const parameters = classOf(api, claim)?.parameters ?? {}
    return volumes.create({
      ...{ name, zone, parameters, sizeGiB: gibOf(claim) },
      claim: { namespace, name: claimName },
    })
  }

  function create(claim: PersistentVolumeClaim, name: string, zone: string, handle: string): void {
    const found = classOf(api, claim)
    const gib = gibOf(claim)
    api.create<PersistentVolume>(VOLUMES, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: {
        name,
        finalizers: [DELETER, 'kubernetes.io/pv-protection'],
        annotations: {
          [PROVISIONED_BY]: EBS_DRIVER,
          'volume.kubernetes.io/provisioner-deletion-secret-name': '',
          'volume.kubernetes.io/provisioner-deletion-secret-namespace': '',
        },
      },
      spec: {
        capacity: { storage: `${gib}Gi` },
        accessModes: claim.spec.accessModes,
        volumeMode: claim.spec.volumeMode,
        storageClassName: claim.spec.storageClassName,
        persistentVolumeReclaimPolicy: found?.reclaimPolicy ?? 'Delete',
        ...(found?.mountOptions && { mountOptions: found.mountOptions }),
        claimRef: claimReference(claim),
        csi: {
          driver: EBS_DRIVER,
          fsType: found?.parameters?.['csi.storage.k8s.io/fstype'] ?? found?.parameters?.fsType ?? 'ext4',
          volumeHandle: handle,
          volumeAttributes: {
            'storage.kubernetes.io/csiProvisionerIdentity': `${Math.floor(plane.now())}-1-${EBS_DRIVER}`,
          },
        },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: ZONE, operator: 'In', values: [zone] }] }],
          },
        },
      },
      status: {},
    } as PersistentVolume)
  }

  /** Deletes what its claim has left, and what an administrator deletes. */
  function reclaim(volume: PersistentVolume): Result | undefined {
    if (volume.spec.csi?.driver !== EBS_DRIVER) return
    const { finalizers = [], deletionTimestamp, name } = volume.metadata
    const deletes = volume.spec.persistentVolumeReclaimPolicy === 'Delete'
    if (!deletionTimestamp) {
      if (!deletes || volume.status?.phase !== 'Released') return
      if (!driver()) return { requeueAfterMs: RETRY_MS }
      unlessGone(() => api.delete(VOLUMES, '', name))
      return
    }
    if (!finalizers.includes(DELETER)) return
    if (deletes) {
      if (!driver()) return { requeueAfterMs: RETRY_MS }
      try {
        options.provider.volumes?.delete(volume.spec.csi.volumeHandle)
      } catch (error) {
        const text = `rpc error: code = Internal desc = ${(error as Error).message}`
        api.event(volume, 'Warning', 'VolumeFailedDelete', text, { component: EBS_DRIVER })
        return { requeueAfterMs: RETRY_MS }
      }
      forgetData(volume.spec.csi.volumeHandle)
    }
    const left = finalizers.filter((finalizer) => finalizer !== DELETER)
    api.update(VOLUMES, { ...volume, metadata: { ...volume.metadata, finalizers: left } })
  }

  function forgetData(handle: string): void {
    const { entries } = world.store.list(volumeDataPrefix(options.uid, `csi/${handle}`))
    world.store.commit(entries.map(({ key }) => ({ key, value: undefined })))
  }

  return {
    name: 'ebs-csi-provisioner',
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

/** An access mode as the driver's error names it. */
const csiMode = (mode: string): string =>
  `mount:<fs_type:"ext4" > access_mode:<mode:${mode === 'ReadOnlyMany' ? 'MULTI_NODE_READER_ONLY' : 'MULTI_NODE_MULTI_WRITER'} >`
