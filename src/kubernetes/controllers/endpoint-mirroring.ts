import type { Controller } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Endpoint, EndpointSlice, Endpoints, Service } from '../objects.ts'
import { controllerReference, splitName } from '../pods.ts'
import { type ControlPlane, ownKey, SERVICE_NAME } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

const SLICES = 'endpointslices.discovery.k8s.io'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const MANAGER = 'endpointslicemirroring-controller.k8s.io'
const SKIP = 'endpointslice.kubernetes.io/skip-mirror'
const LEADER = 'control-plane.alpha.kubernetes.io/leader'
/** Annotations of Endpoints that are about them alone. */
const OWN_ANNOTATIONS = [
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]
/** `--mirroring-max-endpoints-per-subset` */
const PER_SUBSET = 1000

type Subset = NonNullable<Endpoints['subsets']>[number]

/**
 * Shows the Endpoints that somebody wrote for a Service without a selector as EndpointSlices, which is where kube-proxy and DNS look.
 * Models pkg/controller/endpointslicemirroring.
 */
export function endpointMirroringController(plane: ControlPlane): Controller {
  const { api, slicesByService } = plane

  function reconcile(key: string): void {
    const [namespace, name] = splitName(key)
    const old = slicesByService
      .get(key)
      .filter(({ metadata }) => metadata.labels![MANAGED_BY] === MANAGER)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
    const endpoints = api.get<Endpoints>('endpoints', namespace, name)
    const service = api.get<Service>('services', namespace, name)
    const mirrored = endpoints && service && isMirrored(endpoints, service) ? slicesOf(endpoints) : []
    for (const [index, wanted] of mirrored.entries()) {
      const present = old[index]
      if (!present) api.create(SLICES, wanted)
      else if (differs(present, wanted))
        api.update(SLICES, {
          ...present,
          metadata: {
            ...present.metadata,
            labels: wanted.metadata.labels!,
            annotations: wanted.metadata.annotations!,
          },
          endpoints: wanted.endpoints,
          ports: wanted.ports!,
        })
    }
    for (const { metadata } of old.slice(mirrored.length))
      unlessGone(() => api.delete(SLICES, namespace, metadata.name))
  }

  return {
    name: 'endpointslicemirroring-controller',
    sources: [
      { prefix: api.prefix('endpoints'), keys: ownKey },
      {
        prefix: api.prefix('services'),
        keys: ({ entry, previous }: { entry: { value: Service }; previous?: { value: Service } }) => {
          const { metadata, spec } = entry.value
          const isAbout = !spec.selector || !previous?.value.spec.selector
          return isAbout ? [`${metadata.namespace}/${metadata.name}`] : []
        },
      },
    ],
    reconcile,
  }
}

const isMirrored = ({ metadata }: Endpoints, { spec }: Service): boolean =>
  !spec.selector && metadata.labels?.[SKIP] !== 'true' && !metadata.annotations?.[LEADER]

/** One slice a subset; its addresses are ready or not. */
function slicesOf(endpoints: Endpoints): EndpointSlice[] {
  const { name, namespace, labels, annotations = {} } = endpoints.metadata
  const kept = Object.entries(annotations).filter(([key]) => !OWN_ANNOTATIONS.includes(key))
  return (endpoints.subsets ?? []).map((subset) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: '',
      generateName: `${name}-`,
      namespace: namespace!,
      labels: { ...labels, [SERVICE_NAME]: name, [MANAGED_BY]: MANAGER },
      annotations: Object.fromEntries(kept),
      ownerReferences: [controllerReference(endpoints)],
    },
    addressType: 'IPv4',
    endpoints: endpointsOf(subset),
    ports: (subset.ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
      name,
      port,
      protocol,
      ...(appProtocol && { appProtocol }),
    })),
  })) as EndpointSlice[]
}

function endpointsOf({ addresses = [], notReadyAddresses = [] }: Subset): Endpoint[] {
  const all = [
    ...addresses.map((address) => ({ address, ready: true })),
    ...notReadyAddresses.map((address) => ({ address, ready: false })),
  ]
  return all.slice(0, PER_SUBSET).map(({ address, ready }) => ({
    addresses: [address.ip],
    conditions: { ready },
    ...(address.hostname && { hostname: address.hostname }),
    ...(address.nodeName && { nodeName: address.nodeName }),
    ...(address.targetRef && { targetRef: address.targetRef }),
  })) as Endpoint[]
}

const differs = (present: EndpointSlice, wanted: EndpointSlice): boolean =>
  !equal(present.endpoints, wanted.endpoints) ||
  !equal(present.ports ?? [], wanted.ports ?? []) ||
  !equal(present.metadata.labels, wanted.metadata.labels) ||
  !equal(present.metadata.annotations ?? {}, wanted.metadata.annotations)
