import type { Controller } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Endpoint, EndpointSlice, Endpoints, Pod, Service, ServicePort } from '../objects.ts'
import { controllerReference, isFinished, isReady, nameOf, splitName } from '../pods.ts'
import { type ControlPlane, ownKey, SERVICE_NAME } from './control-plane.ts'
import { unlessGone } from './replicas.ts'
import { TriggerTimes, triggeredAt } from './trigger-times.ts'

const SLICES = 'endpointslices.discovery.k8s.io'
const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
const MANAGER = 'endpointslice-controller.k8s.io'
/** `maxEndpointsPerSlice` */
const PER_SLICE = 100
/** An Endpoints object holds at most this many addresses. */
const PER_ENDPOINTS = 1000

type SlicePort = NonNullable<EndpointSlice['ports']>[number]

/** Services' endpoints, as EndpointSlices and as the older Endpoints. Models pkg/controller/endpointslice and endpoint. */
export function endpointsController(plane: ControlPlane): Controller {
  const { api, podsByNamespace, servicesBySelector, slicesByService } = plane
  const triggers = new TriggerTimes()

  function reconcile(key: string): void {
    const [namespace, name] = splitName(key)
    const service = api.get<Service>('services', namespace, name)
    const slices = slicesOf(namespace, name)
    if (
      !service?.spec.selector ||
      service.spec.type === 'ExternalName' ||
      service.metadata.deletionTimestamp
    ) {
      triggers.forget(key)
      if (!service || service.spec.type === 'ExternalName') removeAll(namespace, name, slices)
      return
    }
    const pods = podsByNamespace
      .select(namespace, { matchLabels: service.spec.selector })
      .filter((pod) => pod.status?.podIP && !isFinished(pod))
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    const groups = new Map<string, { ports: SlicePort[]; pods: Pod[] }>()
    for (const pod of pods) {
      const ports = portsOf(service, pod)
      const group = groups.get(JSON.stringify(ports)) ?? { ports, pods: [] }
      group.pods.push(pod)
      groups.set(JSON.stringify(ports), group)
    }
    if (groups.size === 0) groups.set('', { ports: [], pods: [] })
    const trigger = triggers.of(key, service, pods)
    writeSlices(service, slices, [...groups.values()], trigger)
    writeEndpoints(service, [...groups.values()], trigger)
  }

  const slicesOf = (namespace: string, name: string): EndpointSlice[] =>
    slicesByService
      .get(`${namespace}/${name}`)
      .filter(({ metadata }) => metadata.labels![MANAGED_BY] === MANAGER)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))

  function removeAll(namespace: string, name: string, slices: EndpointSlice[]): void {
    for (const slice of slices) unlessGone(() => api.delete(SLICES, namespace, slice.metadata.name))
    unlessGone(() => api.delete('endpoints', namespace, name))
  }

  function endpointOf(service: Service, pod: Pod): Endpoint {
    const serving = isReady(pod)
    const terminating = Boolean(pod.metadata.deletionTimestamp)
    const ready = service.spec.publishNotReadyAddresses ? true : serving && !terminating
    const zone = zoneOf(pod.spec.nodeName)
    const stable = pod.spec.hostname && pod.spec.subdomain === service.metadata.name
    return {
      addresses: [pod.status.podIP!],
      conditions: { ready, serving, terminating },
      ...(stable && { hostname: pod.spec.hostname }),
      nodeName: pod.spec.nodeName,
      targetRef: {
        kind: 'Pod',
        namespace: pod.metadata.namespace,
        name: pod.metadata.name,
        uid: pod.metadata.uid,
      },
      ...(zone && { zone }),
    }
  }

  const zoneOf = (node: string | undefined): string | undefined =>
    node ? api.get('nodes', '', node)?.metadata.labels?.['topology.kubernetes.io/zone'] : undefined

  /** Keeps each endpoint in the slice where it is; fills gaps, then makes new slices. */
  function writeSlices(
    service: Service,
    old: EndpointSlice[],
    groups: { ports: SlicePort[]; pods: Pod[] }[],
    trigger: string | undefined,
  ): void {
    const unused = new Set(old)
    const labels = sliceLabels(service)
    for (const { ports, pods } of groups) {
      const wanted = new Map(pods.map((pod) => [pod.status.podIP!, endpointOf(service, pod)]))
      const own = old.filter((slice) => equal(slice.ports ?? [], ports))
      const filled = own.map((slice) => {
        const kept = (slice.endpoints ?? []).flatMap(({ addresses }) => {
          const endpoint = wanted.get(addresses[0]!)
          wanted.delete(addresses[0]!)
          return endpoint ? [endpoint] : []
        })
        return { slice, endpoints: kept }
      })
      const rest = [...wanted.values()]
      for (const { slice, endpoints } of filled) {
        endpoints.push(...rest.splice(0, PER_SLICE - endpoints.length))
        if (endpoints.length === 0 && own.length > 1) continue
        unused.delete(slice)
        if (equal(slice.endpoints ?? [], endpoints) && equal(slice.metadata.labels, labels)) continue
        const changed = triggeredAt(slice, trigger)
        api.update(SLICES, { ...changed, metadata: { ...changed.metadata, labels }, endpoints })
      }
      while (rest.length > 0 || filled.length === 0) {
        api.create(SLICES, triggeredAt(newSlice(service, ports, rest.splice(0, PER_SLICE)), trigger))
        if (rest.length === 0) break
      }
    }
    for (const slice of unused)
      unlessGone(() => api.delete(SLICES, slice.metadata.namespace!, slice.metadata.name))
  }

  function newSlice(service: Service, ports: SlicePort[], endpoints: Endpoint[]): EndpointSlice {
    const { name, namespace } = service.metadata
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: '',
        generateName: `${name}-`,
        namespace,
        labels: sliceLabels(service),
        ownerReferences: [controllerReference(service)],
      },
      addressType: 'IPv4',
      endpoints,
      ports,
    } as EndpointSlice
  }

  function writeEndpoints(
    service: Service,
    groups: { ports: SlicePort[]; pods: Pod[] }[],
    trigger: string | undefined,
  ): void {
    const { name, namespace, labels } = service.metadata
    const subsets = groups.flatMap(({ ports, pods }) => {
      const address = (pod: Pod) => ({
        ip: pod.status.podIP!,
        nodeName: pod.spec.nodeName,
        targetRef: { kind: 'Pod', namespace, name: pod.metadata.name, uid: pod.metadata.uid },
      })
      const alive = pods
        .filter((pod) => !pod.metadata.deletionTimestamp)
        .sort((a, b) => (a.status.podIP! < b.status.podIP! ? -1 : 1))
        .slice(0, PER_ENDPOINTS)
      const isUp = (pod: Pod) => isReady(pod) || service.spec.publishNotReadyAddresses
      const up = alive.filter(isUp).map(address)
      const down = alive.filter((pod) => !isUp(pod)).map(address)
      if (up.length + down.length === 0) return []
      return [
        {
          ...(up.length > 0 && { addresses: up }),
          ...(down.length > 0 && { notReadyAddresses: down }),
          ports,
        },
      ]
    })
    const metadata = {
      name,
      namespace,
      labels: {
        ...labels,
        ...headless(service),
        'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
      },
    }
    const old = api.get<Endpoints>('endpoints', namespace!, name)
    if (!old)
      api.create(
        'endpoints',
        triggeredAt(
          {
            apiVersion: 'v1',
            kind: 'Endpoints',
            metadata,
            ...(subsets.length > 0 && { subsets }),
          } as Endpoints,
          trigger,
        ),
      )
    else if (!equal(old.subsets ?? [], subsets) || !equal(old.metadata.labels, metadata.labels)) {
      const changed = triggeredAt(old, trigger)
      api.update('endpoints', {
        ...changed,
        metadata: { ...changed.metadata, labels: metadata.labels },
        subsets: subsets as Endpoints['subsets'],
      })
    }
  }

  /** The Services that a pod belongs or belonged to. */
  function servicesOf({ entry, previous }: { entry: { value: Pod }; previous?: { value: Pod } }): string[] {
    const { namespace, labels } = entry.value.metadata
    const selecting = (wanted: typeof labels) => servicesBySelector.selecting(namespace!, wanted).map(nameOf)
    const before = previous?.value.metadata.labels
    return !before || equal(before, labels) ? selecting(labels) : [...selecting(labels), ...selecting(before)]
  }

  return {
    name: 'endpointslice-controller',
    sources: [
      { prefix: api.prefix('services'), keys: ownKey },
      { prefix: api.prefix('pods'), keys: servicesOf },
      {
        prefix: api.prefix(SLICES),
        keys({ type, entry }: { type: string; entry: { value: EndpointSlice } }) {
          const name = entry.value.metadata.labels?.[SERVICE_NAME]
          return type === 'delete' && name ? [`${entry.value.metadata.namespace}/${name}`] : []
        },
      },
    ],
    reconcile,
  }
}

const headless = ({ spec }: Service): Record<string, string> =>
  spec.clusterIP === 'None' ? { 'service.kubernetes.io/headless': '' } : {}

/** The labels of a Service's slices: its own, and those of the controller. */
const sliceLabels = (service: Service): Record<string, string> => ({
  ...service.metadata.labels,
  ...headless(service),
  [SERVICE_NAME]: service.metadata.name,
  [MANAGED_BY]: MANAGER,
})

/** A Service's ports with the numbers that a pod has for them. */
function portsOf({ spec }: Service, pod: Pod): SlicePort[] {
  return (spec.ports ?? []).flatMap((port) => {
    const target = targetPort(port, pod)
    if (target === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: target, protocol, ...(appProtocol && { appProtocol }) }]
  })
}

function targetPort({ targetPort, port, protocol = 'TCP' }: ServicePort, pod: Pod): number | undefined {
  if (targetPort === undefined || targetPort === 0) return port
  if (typeof targetPort === 'number') return targetPort
  return pod.spec.containers
    .flatMap(({ ports = [] }) => ports)
    .find((candidate) => candidate.name === targetPort && (candidate.protocol ?? 'TCP') === protocol)
    ?.containerPort
}
