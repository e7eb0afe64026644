import { type FieldError, forbiddenField, invalidValue, notSupported, required } from '../errors.ts'
import { compareQuantities } from '../quantity.ts'
import { formed, needs, oneOf, type Rule, sub } from './rules.ts'

// Volumes, claims and classes. Source: pkg/apis/core/validation and pkg/apis/storage/validation of Kubernetes 1.35, read 2026-11.

const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']

const accessModes: Rule = (spec, path) => {
  const given: string[] = spec.accessModes ?? []
  const errors = given
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(sub(path, 'accessModes'), mode, ACCESS_MODES))
  if (given.includes('ReadWriteOncePod') && given.length > 1) {
    const why = 'may not use ReadWriteOncePod with other access modes'
    errors.push(forbiddenField(sub(path, 'accessModes'), why))
  }
  return errors
}

const requestedStorage: Rule = (spec, path) => {
  const field = sub(path, 'resources[storage]')
  const size = spec.resources?.requests?.storage
  if (size === undefined) return [required(field)]
  return compareQuantities(size, '0') > 0 ? [] : [invalidValue(field, size, 'must be greater than zero')]
}

/** What a PersistentVolume's spec has beside its source. */
const BESIDE = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

/** The names of a PersistentVolume's sources. */
export const volumeSources = (spec: object): string[] => Object.keys(spec).filter((name) => !BESIDE.has(name))

const volumeSource: Rule = (spec, path) => {
  const sources = volumeSources(spec)
  if (sources.length === 0) return [required(path, 'must specify a volume type')]
  const errors: FieldError[] = sources
    .slice(1)
    .map((name) => forbiddenField(sub(path, name), 'may not specify more than 1 volume type'))
  if (spec.local && !spec.nodeAffinity)
    errors.push(required(sub(path, 'nodeAffinity'), 'Local volume requires node affinity'))
  return errors
}

const capacity: Rule = (spec, path) => {
  const field = sub(path, 'capacity')
  const names = Object.keys(spec.capacity ?? {})
  if (names.length === 0) return [required(field)]
  if (names.length > 1 || names[0] !== 'storage') return [notSupported(field, spec.capacity, ['storage'])]
  return compareQuantities(spec.capacity.storage, '0') > 0
    ? []
    : [invalidValue(`${field}[storage]`, spec.capacity.storage, 'must be greater than zero')]
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

const hostPathType: Rule = ({ type }, path) =>
  type === undefined || type === null || HOST_PATH_TYPES.includes(type)
    ? []
    : [notSupported(sub(path, 'type'), type, HOST_PATH_TYPES)]

/** Models validatePathNoBacksteps. */
const noBackSteps: Rule = ({ path: given }, path) =>
  String(given ?? '')
    .split('/')
    .includes('..')
    ? [invalidValue(sub(path, 'path'), given, "must not contain '..'")]
    : []

const VOLUME_MODES = ['Block', 'Filesystem']

export const STORAGE_RULES: Record<string, Rule[]> = {
  V1PersistentVolumeClaimSpec: [
    needs('accessModes', 'at least 1 access mode is required'),
    accessModes,
    requestedStorage,
    oneOf('volumeMode', VOLUME_MODES),
    formed('storageClassName', 'subdomain'),
  ],
  V1PersistentVolumeSpec: [
    needs('accessModes'),
    accessModes,
    capacity,
    volumeSource,
    oneOf('persistentVolumeReclaimPolicy', ['Delete', 'Recycle', 'Retain']),
    oneOf('volumeMode', VOLUME_MODES),
    formed('storageClassName', 'subdomain'),
  ],
  V1HostPathVolumeSource: [needs('path'), noBackSteps, hostPathType],
  V1NFSVolumeSource: [needs('server'), needs('path')],
  V1LocalVolumeSource: [needs('path'), noBackSteps],
  V1CSIPersistentVolumeSource: [needs('driver'), needs('volumeHandle')],
  V1StorageClass: [
    needs('provisioner'),
    oneOf('reclaimPolicy', ['Delete', 'Retain']),
    oneOf('volumeBindingMode', ['Immediate', 'WaitForFirstConsumer']),
  ],
}
