import type { Obj } from '../../json.ts'
import { AGE, bool, type Column, NAME, number, text, wide } from '../column.ts'
import { none } from '../format.ts'

const ACCESS: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

const accessModes = (modes: string[] | undefined) =>
  (modes ?? []).map((mode) => ACCESS[mode] ?? mode).join(',')

const volumePhase = (object: Obj) =>
  object.metadata.deletionTimestamp ? 'Terminating' : (object.status?.phase ?? '')

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

const className = ({ metadata }: Obj) =>
  metadata.annotations?.[DEFAULT_CLASS] === 'true' ? `${metadata.name} (default)` : metadata.name

/** Volumes, their claims, classes and drivers. By resource with group. */
export const STORAGE: Record<string, Column[]> = {
  persistentvolumeclaims: [
    NAME,
    text('Status', volumePhase),
    text('Volume', 'spec.volumeName'),
    text('Capacity', 'status.capacity.storage'),
    text('Access Modes', (object) => accessModes(object.status?.accessModes)),
    text('StorageClass', 'spec.storageClassName'),
    text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    AGE,
    wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  persistentvolumes: [
    NAME,
    text('Capacity', 'spec.capacity.storage'),
    text('Access Modes', (object) => accessModes(object.spec.accessModes)),
    text('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
    text('Status', volumePhase),
    text('Claim', ({ spec }) => (spec.claimRef ? `${spec.claimRef.namespace}/${spec.claimRef.name}` : '')),
    text('StorageClass', 'spec.storageClassName'),
    text('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    text('Reason', 'status.reason'),
    AGE,
    wide(text('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  'csidrivers.storage.k8s.io': [
    NAME,
    text('AttachRequired', bool('spec.attachRequired', true)),
    text('PodInfoOnMount', bool('spec.podInfoOnMount')),
    text('StorageCapacity', bool('spec.storageCapacity')),
    text('TokenRequests', ({ spec }) =>
      none((spec?.tokenRequests ?? []).map((request: Obj) => request.audience)).replace('<none>', '<unset>'),
    ),
    text('RequiresRepublish', bool('spec.requiresRepublish')),
    text('Modes', ({ spec }) => none(spec?.volumeLifecycleModes ?? ['Persistent'])),
    AGE,
  ],
  'csinodes.storage.k8s.io': [NAME, number('Drivers', (object) => object.spec?.drivers?.length ?? 0), AGE],
  'csistoragecapacities.storage.k8s.io': [
    NAME,
    text('StorageClassName', 'storageClassName'),
    text('Capacity', 'capacity', '<unset>'),
  ],
  'storageclasses.storage.k8s.io': [
    text('Name', className),
    text('Provisioner', 'provisioner'),
    text('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
    text('VolumeBindingMode', 'volumeBindingMode', 'Immediate'),
    text('AllowVolumeExpansion', bool('allowVolumeExpansion')),
    AGE,
  ],
  'volumeattachments.storage.k8s.io': [
    NAME,
    text('Attacher', 'spec.attacher'),
    text('PV', 'spec.source.persistentVolumeName'),
    text('Node', 'spec.nodeName'),
    text('Attached', bool('status.attached')),
    AGE,
  ],
  'volumeattributesclasses.storage.k8s.io': [NAME, text('DriverName', 'driverName'), AGE],
}
