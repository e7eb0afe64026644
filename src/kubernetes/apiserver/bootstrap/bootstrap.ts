import { X509Certificate } from 'node:crypto'
import type { Controller } from '#world/controller.ts'
import { StatusError } from '../../api.ts'
import { equal } from '../../equality.ts'
import { timestamp } from '../../time.ts'
import { trackerOf } from '../apply/tracker.ts'
import type { Obj } from '../json.ts'
import { kindOf } from '../kinds/registry.ts'
import type { Objects } from '../storage/objects.ts'
import { addressText, cidrRange } from '../strategies/addresses.ts'
import { FLOW_SCHEMAS, notDangling, PRIORITY_LEVELS } from './flow-control.ts'
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from './rbac.ts'

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

const PRIORITY_CLASSES = [
  [
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ],
  [
    'system-node-critical',
    2_000_001_000,
    'Used for system critical pods that must not be moved from their current node.',
  ],
] as const

/** Makes what every cluster has, where it is missing: namespaces, the `kubernetes` Service, default roles. */
export function bootstrap(objects: Objects): void {
  const { serviceCidr, certificateAuthority, frontProxy } = objects.context.cluster
  const ensure = (resource: string, object: Obj) => ensureObject(objects, resource, object)
  for (const name of NAMESPACES) ensure('namespaces', { metadata: { name } })
  for (const [name, value, description] of PRIORITY_CLASSES) {
    ensure('priorityclasses.scheduling.k8s.io', { metadata: { name }, value, description })
  }
  for (const role of CLUSTER_ROLES) ensure('clusterroles.rbac.authorization.k8s.io', role)
  for (const binding of CLUSTER_ROLE_BINDINGS)
    ensure('clusterrolebindings.rbac.authorization.k8s.io', binding)
  for (const role of ROLES) ensure('roles.rbac.authorization.k8s.io', role)
  for (const binding of ROLE_BINDINGS) ensure('rolebindings.rbac.authorization.k8s.io', binding)
  for (const level of PRIORITY_LEVELS)
    ensure('prioritylevelconfigurations.flowcontrol.apiserver.k8s.io', level)
  for (const schema of FLOW_SCHEMAS) ensureFlowSchema(objects, schema)
  ensureKubernetesService(objects)
  ensure('servicecidrs.networking.k8s.io', {
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [serviceCidr] },
  })
  ensure('configmaps', {
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: {
      'client-ca-file': new X509Certificate(certificateAuthority.certificate).toString(),
      ...(frontProxy && {
        'requestheader-allowed-names': JSON.stringify(frontProxy.allowedNames),
        'requestheader-client-ca-file': frontProxy.authority,
        'requestheader-extra-headers-prefix': JSON.stringify(frontProxy.extraHeadersPrefix),
        'requestheader-group-headers': JSON.stringify(frontProxy.groupHeaders),
        'requestheader-username-headers': JSON.stringify(frontProxy.usernameHeaders),
      }),
    },
  })
  ensure('configmaps', {
    metadata: { name: 'kube-apiserver-legacy-service-account-token-tracking', namespace: 'kube-system' },
    data: { since: timestamp(objects.context.world.clock.now()).slice(0, 10) },
  })
}

function ensureFlowSchema(objects: Objects, schema: Obj): void {
  const resource = 'flowschemas.flowcontrol.apiserver.k8s.io'
  ensureObject(objects, resource, schema)
  const { get, setStatus, world } = objects.context
  if (get(resource, '', schema.metadata.name)?.status?.conditions) return
  const status = notDangling(schema.spec.priorityLevelConfiguration.name, timestamp(world.clock.now()))
  setStatus(resource, '', schema.metadata.name, status)
}

/** The Service by which pods reach the API server: the first address of the range. */
function ensureKubernetesService(objects: Objects): void {
  const { serviceCidr, apiPort = 443 } = objects.context.cluster
  const { base } = cidrRange(serviceCidr)
  ensureObject(objects, 'services', {
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      clusterIP: addressText(base + 1),
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: apiPort }],
    },
  })
}

const SLICES = 'endpointslices.discovery.k8s.io'

/** Brings the `kubernetes` Service and its endpoints back when somebody changes or deletes them, as the API server does. */
export function kubernetesServiceController(objects: Objects): Controller {
  const { name, namespace } = { name: 'kubernetes', namespace: 'default' }
  const key = (resource: string) => objects.key(kindOf(resource), namespace, name)
  return {
    name: 'kubernetes-service',
    sources: ['services', 'endpoints', SLICES].map((resource) => ({
      prefix: key(resource),
      keys: (event) => (event.key === key(resource) ? [name] : []),
    })),
    reconcile: () => {
      ensureKubernetesService(objects)
      ensureEndpoints(objects)
    },
  }
}

/** Where the `kubernetes` Service leads: the control plane. Models pkg/controlplane/reconcilers. */
function ensureEndpoints(objects: Objects): void {
  const { controlPlaneAddresses = [], apiServers, apiPort = 443 } = objects.context.cluster
  const running = apiServers?.() ?? []
  // In the order of their texts: pkg/api/v1/endpoints (RepackSubsets).
  const addresses = (running.length > 0 ? running : controlPlaneAddresses).toSorted()
  if (addresses.length === 0) return
  const metadata = { name: 'kubernetes', namespace: 'default' }
  const port = { name: 'https', port: apiPort, protocol: 'TCP' }
  ensureContent(objects, 'endpoints', 'subsets', {
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: addresses.map((ip) => ({ ip })), ports: [port] }],
  })
  ensureContent(objects, SLICES, 'endpoints', {
    metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [port],
  })
}

/** Makes an object, or puts one of its fields right. */
function ensureContent(objects: Objects, resource: string, field: string, wanted: Obj): void {
  const kind = kindOf(resource)
  const { namespace, name } = wanted.metadata
  const found = objects.get(kind, namespace, name)?.value as Obj | undefined
  if (!found) ensureObject(objects, resource, wanted)
  else if (!equal(found[field], wanted[field])) {
    objects.update(kind, namespace, name, (current) => ({ ...(current as Obj), [field]: wanted[field] }))
  }
}

function ensureObject(objects: Objects, resource: string, object: Obj): void {
  const kind = kindOf(resource)
  const { namespace = '', name } = object.metadata
  if (objects.get(kind, namespace, name)) return
  try {
    objects.create(kind, namespace, structuredClone(object), {
      essential: true,
      manage: trackerOf(objects.context, kind, 'kube-apiserver'),
    })
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error
  }
}
