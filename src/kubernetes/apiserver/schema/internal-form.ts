import type { Json, Obj } from '../json.ts'
import { fieldsOf, type Slot, slots } from './layout.ts'
import type { ModelNode, Scalar, Schema, TypeNode } from './schema.ts'

// Kubernetes' internal Go types as encoding/json prints them: by the names and in the order of their fields, all of them.
// Source: pkg/apis/core/types.go of kubernetes/kubernetes, read 2026-11; the names of rare volumes' fields are approximate.

/** Where fields stand in another order, or under another parent, than in the API's own types. */
const ORDER: Record<string, string> = {
  V1PodSpec:
    'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds? activeDeadlineSeconds? dnsPolicy nodeSelector serviceAccountName automountServiceAccountToken? nodeName securityContext imagePullSecrets hostname subdomain setHostnameAsFQDN? affinity schedulerName tolerations hostAliases priorityClassName priority? preemptionPolicy? dnsConfig readinessGates runtimeClassName? overhead enableServiceLinks? topologySpreadConstraints os schedulingGates resourceClaims resources? hostnameOverride? workloadRef',
  V1PodSecurityContext:
    'hostNetwork hostPID hostIPC shareProcessNamespace? hostUsers? seLinuxOptions windowsOptions runAsUser? runAsGroup? runAsNonRoot? supplementalGroups supplementalGroupsPolicy? fsGroup? fsGroupChangePolicy? sysctls seccompProfile appArmorProfile seLinuxChangePolicy?',
  V1Container:
    'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy? restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
  V1SecurityContext:
    'capabilities privileged? seLinuxOptions windowsOptions runAsUser? runAsGroup? runAsNonRoot? readOnlyRootFilesystem? allowPrivilegeEscalation? procMount? seccompProfile appArmorProfile',
  V1VolumeMount: 'name readOnly recursiveReadOnly? mountPath subPath mountPropagation? subPathExpr',
  V1ServiceAccountTokenProjection: 'audience expirationSeconds path',
  V1PersistentVolumeClaimSpec:
    'accessModes selector resources volumeName storageClassName? volumeMode? dataSource dataSourceRef volumeAttributesClassName?',
  VolumeSource:
    'hostPath emptyDir gcePersistentDisk awsElasticBlockStore gitRepo secret nfs iscsi glusterfs persistentVolumeClaim rbd quobyte flexVolume cinder cephfs flocker downwardAPI fc azureFile configMap vsphereVolume azureDisk photonPersistentDisk projected portworxVolume scaleIO storageos csi ephemeral image',
  PersistentVolumeSource:
    'gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd quobyte iscsi flexVolume cinder cephfs fc flocker azureFile vsphereVolume azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi',
}
ORDER.EphemeralContainerCommon = ORDER.V1Container!

/** Names that are more than their JSON name with a capital. */
const GO_NAMES: Record<string, string> = {
  apiGroup: 'APIGroup',
  apiVersion: 'APIVersion',
  awsElasticBlockStore: 'AWSElasticBlockStore',
  cephfs: 'CephFS',
  csi: 'CSI',
  dnsConfig: 'DNSConfig',
  dnsPolicy: 'DNSPolicy',
  fc: 'FC',
  fsGroup: 'FSGroup',
  fsGroupChangePolicy: 'FSGroupChangePolicy',
  fsType: 'FSType',
  gcePersistentDisk: 'GCEPersistentDisk',
  gmsaCredentialSpec: 'GMSACredentialSpec',
  gmsaCredentialSpecName: 'GMSACredentialSpecName',
  grpc: 'GRPC',
  httpGet: 'HTTPGet',
  httpHeaders: 'HTTPHeaders',
  ip: 'IP',
  iqn: 'IQN',
  iscsi: 'ISCSI',
  nfs: 'NFS',
  os: 'OS',
  pdName: 'PDName',
  rbd: 'RBD',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  seLinuxOptions: 'SELinuxOptions',
  sslEnabled: 'SSLEnabled',
  storageos: 'StorageOS',
  tcpSocket: 'TCPSocket',
  tty: 'TTY',
  wwids: 'WWIDs',
}

/** Types of apimachinery, which have JSON names: nothing is filled in. */
const TAGGED = new Set(['V1LabelSelector', 'V1ObjectMeta'])

const ZEROS: Partial<Record<Scalar, Json>> = {
  int32: 0,
  int64: 0,
  double: 0,
  boolean: false,
  'int-or-string': 0,
  quantity: '0',
}

const goName = (field: string) => GO_NAMES[field] ?? field[0]!.toUpperCase() + field.slice(1)

/** What the host shares with a pod stands in its internal security context. */
const SHARED = ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'hostUsers']
const SHARED_TYPE: TypeNode = { kind: 'scalar', scalar: 'boolean' }

/** The specification of a pod as `core.PodSpec`. */
export function internalPodSpec(schema: Schema, spec: Obj): Obj {
  const shared = Object.fromEntries(SHARED.map((field) => [field, spec[field]]))
  return internalForm(schema.model('V1PodSpec'), {
    ...spec,
    securityContext: { ...spec.securityContext, ...shared },
  })
}

/** A pod template as `core.PodTemplateSpec`: its metadata has JSON names and no place of its own. */
export const internalTemplate = (schema: Schema, { metadata, spec = {} }: Obj = {}): Obj => ({
  ...metadata,
  Spec: internalPodSpec(schema, spec),
})

/** An object of the API as the internal type of its model, or of an inline message of it. */
export function internalForm(model: ModelNode, value: Obj = {}, message = model.name): Obj {
  const form: Obj = {}
  for (const slot of flat(message)) {
    const field = model.fields.get(slot.name)
    const type = field?.type ?? SHARED_TYPE
    const inner = value[slot.name]
    if (inner !== undefined) form[goName(slot.name)] = valueForm(type, inner)
    else if (type.kind === 'model' && field?.embedded && !slot.pointer)
      form[goName(slot.name)] = internalForm(type.model, {})
    else form[goName(slot.name)] = type.kind === 'scalar' && !slot.pointer ? (ZEROS[type.scalar] ?? '') : null
  }
  return form
}

/** A message's fields, with those of inline messages among them. */
const flat = (message: string): Slot[] =>
  slots(ORDER[message] ?? fieldsOf(message)).flatMap((slot) =>
    slot.name.startsWith('...') ? flat(slot.name.slice(3)) : [slot],
  )

function valueForm(type: TypeNode, value: Json): Json {
  if (type.kind === 'array') return value.map((item: Json) => valueForm(type.of, item))
  if (type.kind === 'map')
    return Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, valueForm(type.of, value[key])]),
    )
  return type.kind === 'model' && !TAGGED.has(type.model.name) ? internalForm(type.model, value) : value
}
