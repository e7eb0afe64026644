import { type KubernetesObject, StatusError } from '../../api.ts'
import { forbidden, notFound } from '../errors.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { AdmissionPlugin } from '../storage/strategy.ts'
import { certificateSigners, certificateSubject } from './certificates.ts'
import { claimResize } from './claim-resize.ts'
import { defaultIngressClass, defaultStorageClass, priority, runtimeClass } from './classes.ts'
import { escalation } from './escalation.ts'
import { limitRangeDefaults, limitRangeLimits } from './limit-range.ts'
import { nodeRestriction } from './node-restriction.ts'
import { podSecurity } from './pod-security.ts'
import { validatingPolicies } from './policies/policies.ts'
import { resourceQuota } from './resource-quota.ts'
import { mutatingWebhooks, validatingWebhooks } from './webhooks/plugins.ts'

const PROTECTED = new Set(['default', 'kube-system', 'kube-public'])

/** Nothing is made in a namespace that is missing or going. */
const namespaceLifecycle: AdmissionPlugin = ({ operation, kind, namespace, name, object }, context) => {
  if (operation === 'delete' && kind.plural === 'namespaces' && PROTECTED.has(name)) {
    throw forbidden(kind, name, 'this namespace may not be deleted')
  }
  if (operation !== 'create' || !kind.namespaced) return
  const found = context.get('namespaces', '', namespace)
  if (!found) throw notFound(kindOf('namespaces'), namespace)
  if (!found.metadata.deletionTimestamp) return
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  const error = forbidden(kind, object.metadata.name ?? '', why)
  throw new StatusError(error.code, error.reason, error.message, {
    ...error.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  })
}

/** Pods run as a service account of their namespace and get its token. */
const serviceAccount: AdmissionPlugin = (
  { operation, kind, namespace, name, object, subresource },
  context,
) => {
  if (operation !== 'create' || kind.plural !== 'pods' || subresource || !object.spec) return
  const { spec } = object
  // Mirror pods of the kubelet have none.
  if (object.metadata.annotations?.['kubernetes.io/config.mirror']) return
  spec.serviceAccountName ||= 'default'
  spec.serviceAccount = spec.serviceAccountName
  const account = context.get('serviceaccounts', namespace, spec.serviceAccountName)
  if (!account) {
    const missing = `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`
    throw forbidden(kind, name, missing)
  }
  if (account.imagePullSecrets && !spec.imagePullSecrets?.length)
    spec.imagePullSecrets = account.imagePullSecrets
  if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) {
    const known = spec.volumes?.find(({ name: volume }: Obj) => volume.startsWith(TOKEN_VOLUME))?.name
    mountToken(spec, known ?? `${TOKEN_VOLUME}${context.world.ids.text(5, 'bcdfghjklmnpqrstvwxz2456789')}`)
  }
}

const TOKEN_VOLUME = 'kube-api-access-'
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'

function mountToken(spec: Obj, volume: string): void {
  let used = false
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (container.volumeMounts?.some((mount: Obj) => mount.mountPath === TOKEN_PATH)) continue
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { mountPath: TOKEN_PATH, name: volume, readOnly: true },
    ]
    used = true
  }
  if (!used || spec.volumes?.some(({ name }: Obj) => name === volume)) return
  const namespace = { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
    { downwardAPI: { items: [namespace] } },
  ]
  spec.volumes = [...(spec.volumes ?? []), { name: volume, projected: { defaultMode: 0o644, sources } }]
}

const TOLERATION_SECONDS = 300

/** Pods stay five minutes on a node that is gone or not ready. */
const defaultTolerations: AdmissionPlugin = ({ operation, kind, object, subresource }) => {
  if (operation !== 'create' || kind.plural !== 'pods' || subresource || !object.spec) return
  const tolerations: Obj[] = object.spec.tolerations ?? []
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) =>
      !tolerations.some(
        (toleration) =>
          (toleration.key === key || (!toleration.key && toleration.operator === 'Exists')) &&
          (!toleration.effect || toleration.effect === 'NoExecute'),
      ),
  )
  if (missing.length === 0) return
  object.spec.tolerations = [
    ...tolerations,
    ...missing.map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: TOLERATION_SECONDS,
    })),
  ]
}

/** The cloud's webhooks, which on EKS are no objects of the cluster that anybody could see in full. */
const cloudPods: AdmissionPlugin = ({ operation, kind, namespace, object, subresource }, context) => {
  const mutate = context.cluster.provider.mutatePod
  if (!mutate || operation !== 'create' || kind.plural !== 'pods' || subresource || !object.spec) return
  const account = context.get('serviceaccounts', namespace, object.spec.serviceAccountName)
  mutate(object as KubernetesObject, account as KubernetesObject | undefined)
}

const BUILT_IN: AdmissionPlugin[] = [
  namespaceLifecycle,
  nodeRestriction,
  limitRangeDefaults,
  serviceAccount,
  cloudPods,
  defaultTolerations,
  priority,
  runtimeClass,
  defaultStorageClass,
  defaultIngressClass,
]

/** In the order in which a write meets them. */
export const ADMISSION: {
  mutating: AdmissionPlugin[]
  validating: AdmissionPlugin[]
  /** What looks at connections: nothing built in does by default. */
  connect: AdmissionPlugin[]
} = {
  mutating: [...BUILT_IN, mutatingWebhooks(BUILT_IN)],
  validating: [
    escalation,
    certificateSigners,
    certificateSubject,
    limitRangeLimits,
    podSecurity,
    claimResize,
    validatingPolicies,
    validatingWebhooks,
    resourceQuota,
  ],
  connect: [mutatingWebhooks([]), validatingPolicies, validatingWebhooks],
}
