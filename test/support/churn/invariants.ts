import type { KubernetesObject } from '#kubernetes/api.ts'
import type {
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  PersistentVolume,
  Pod,
  ReplicaSet,
  Service,
  StatefulSet,
} from '#kubernetes/objects.ts'
import { controllerOf, isActive, isFinished, isReady, nameOf } from '#kubernetes/pods.ts'
import { parseMilli } from '#kubernetes/quantity.ts'
import { hasLabels } from '#kubernetes/selectors.ts'
import { parseTime } from '#kubernetes/time.ts'
import { runningNodes } from './acts.ts'
import type { SoakedCluster } from './soaked-cluster.ts'

/** What must be true of a cluster at rest; gives what is not. */
type Invariant = (soak: SoakedCluster) => string[]

const pods = ({ api }: SoakedCluster) => api.list<Pod>('pods')
/** Events are kept for an hour, and forgotten a little later. */
const EVENT_TTL_MS = 3_610_000

/** What is in `actual` and not in `wanted`, and the other way round. */
function difference(what: string, actual: Iterable<string>, wanted: Iterable<string>): string[] {
  const [has, should] = [new Set(actual), new Set(wanted)]
  return [
    ...[...has.difference(should)].map((item) => `${what}: ${item} is too much`),
    ...[...should.difference(has)].map((item) => `${what}: ${item} is missing`),
  ]
}

function everyObject({ api }: SoakedCluster): { resource: string; object: KubernetesObject }[] {
  return api
    .resources()
    .flatMap(({ resource }) => api.list<KubernetesObject>(resource).map((object) => ({ resource, object })))
}

/** Whether pods may be missing for a reason that the owner shows: its quota refuses them. */
const isRefused = (status: { conditions?: { type: string; status: string }[] } | undefined) =>
  Boolean(status?.conditions?.some(({ type, status: is }) => type === 'ReplicaFailure' && is === 'True'))

const INVARIANTS: Record<string, Invariant> = {
  'every owner is there'(soak) {
    const { api } = soak
    return everyObject(soak).flatMap(({ resource, object }) =>
      (object.metadata.ownerReferences ?? []).flatMap(({ apiVersion, kind, name, uid }) => {
        const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
        const owner = api.resourceNamed(group, kind)
        const found =
          owner && api.get(owner.resource, owner.namespaced ? object.metadata.namespace! : '', name)
        return found?.metadata.uid === uid
          ? []
          : [`${resource} ${nameOf(object as Pod)} has lost its ${kind} ${name}`]
      }),
    )
  },

  'nothing waits for its end': (soak) =>
    everyObject(soak).flatMap(({ resource, object }) =>
      object.metadata.deletionTimestamp
        ? [`${resource} ${nameOf(object as Pod)} is still being deleted`]
        : [],
    ),

  'every namespaced object has its namespace'(soak) {
    const namespaces = new Set(soak.api.list('namespaces').map(({ metadata }) => metadata.name))
    return everyObject(soak).flatMap(({ resource, object: { metadata } }) =>
      metadata.namespace && !namespaces.has(metadata.namespace)
        ? [`${resource} ${metadata.name} is in the lost namespace ${metadata.namespace}`]
        : [],
    )
  },

  'ReplicaSets have their pods': (soak) =>
    soak.api.list<ReplicaSet>('replicasets.apps').flatMap((set) => {
      const own = pods(soak).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && isActive(pod))
      const wanted = set.spec.replicas ?? 1
      if (own.length === wanted || (own.length < wanted && isRefused(set.status))) return []
      return [`ReplicaSet ${nameOf(set as never)} wants ${wanted} pods and has ${own.length}`]
    }),

  'Deployments have their ReplicaSets': (soak) =>
    soak.api.list<Deployment>('deployments.apps').flatMap((deployment) => {
      const { metadata, spec, status } = deployment
      const sets = soak.api
        .list<ReplicaSet>('replicasets.apps', metadata.namespace)
        .filter((set) => controllerOf(set)?.uid === metadata.uid)
      const alive = sets.reduce((sum, set) => sum + (set.status?.replicas ?? 0), 0)
      const problems = [
        status?.observedGeneration === metadata.generation ? '' : 'was not looked at since its last change',
        (status?.replicas ?? 0) === alive
          ? ''
          : `says ${status?.replicas} pods, its ReplicaSets have ${alive}`,
        sets.filter((set) => set.spec.replicas === 0).length <= (spec.revisionHistoryLimit ?? 10) + 1
          ? ''
          : `keeps ${sets.length} ReplicaSets`,
      ]
      return problems.filter(Boolean).map((problem) => `Deployment ${nameOf(deployment as never)} ${problem}`)
    }),

  'StatefulSets have no pods beyond their size': (soak) =>
    soak.api.list<StatefulSet>('statefulsets.apps').flatMap((set) => {
      const own = pods(soak).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid)
      return own.length <= (set.spec.replicas ?? 1)
        ? []
        : [`StatefulSet ${nameOf(set as never)} has ${own.length} pods`]
    }),

  'DaemonSets have at most one pod a node': (soak) =>
    soak.api.list<DaemonSet>('daemonsets.apps').flatMap((set) => {
      const own = pods(soak).filter((pod) => controllerOf(pod)?.uid === set.metadata.uid && isActive(pod))
      const nodes = new Set(own.map(({ spec }) => spec.nodeName))
      return nodes.size === own.length
        ? []
        : [`DaemonSet ${nameOf(set as never)} has ${own.length} pods on ${nodes.size} nodes`]
    }),

  'endpoints are the ready pods': (soak) =>
    soak.api.list<Service>('services').flatMap((service) => {
      const { namespace, name } = service.metadata
      const { selector } = service.spec
      if (!selector) return []
      const wanted = soak.api
        .list<Pod>('pods', namespace)
        .filter((pod) => hasLabels(pod.metadata.labels, selector) && isReady(pod) && isActive(pod))
        .map((pod) => pod.status.podIP!)
      const slices = soak.api
        .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace)
        .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name)
        .flatMap(({ endpoints = [] }) => endpoints)
        .filter(({ conditions }) => conditions?.ready)
        .flatMap(({ addresses }) => addresses)
      const older = (soak.api.get<Endpoints>('endpoints', namespace!, name)?.subsets ?? [])
        .flatMap(({ addresses = [] }) => addresses)
        .map(({ ip }) => ip)
      return [
        ...difference(`EndpointSlices of ${namespace}/${name}`, slices, wanted),
        ...difference(`Endpoints of ${namespace}/${name}`, older, wanted),
      ]
    }),

  'no Service left its endpoints behind': (soak) =>
    ['endpointslices.discovery.k8s.io', 'endpoints'].flatMap((resource) =>
      soak.api.list<KubernetesObject>(resource).flatMap(({ metadata }) => {
        const service = metadata.labels?.['kubernetes.io/service-name'] ?? metadata.name
        const found = soak.api.get('services', metadata.namespace!, service)
        return found ? [] : [`${resource} ${metadata.namespace}/${metadata.name} is of no Service`]
      }),
    ),

  'pods are on running nodes'(soak) {
    const nodes = new Set(runningNodes(soak).map(({ name }) => name))
    return pods(soak).flatMap((pod) =>
      pod.spec.nodeName && !nodes.has(pod.spec.nodeName)
        ? [`pod ${nameOf(pod)} is on the lost ${pod.spec.nodeName}`]
        : [],
    )
  },

  'machines, Nodes, leases and images belong together'(soak) {
    const { api, world } = soak
    const machines = runningNodes(soak).map(({ name }) => name)
    const images = world.store.list('kubelet/c1/images/').entries.map(({ key }) => key.split('/')[3]!)
    return [
      ...difference(
        'Nodes',
        api.list('nodes').map(({ metadata }) => metadata.name),
        machines,
      ),
      ...difference(
        'leases',
        api.list('leases.coordination.k8s.io', 'kube-node-lease').map(({ metadata }) => metadata.name),
        machines,
      ),
      ...[...new Set(images).difference(new Set(machines))].map(
        (name) => `images of the lost ${name} are kept`,
      ),
    ]
  },

  'addresses are those of the pods'(soak) {
    const { network, world } = soak
    const placed = pods(soak).filter((pod) => pod.spec.nodeName && !isFinished(pod) && !pod.spec.hostNetwork)
    const kept = world.store.list('addresses/').entries.map(({ key }) => key.split('/')[2]!)
    const withAddress = placed.filter(({ status }) => status.podIP)
    const own = new Set(pods(soak).map(({ status }) => status.podIP))
    const inUse = network.inUse()
    return [
      ...difference(
        'kept pod addresses',
        kept,
        withAddress.map(({ metadata }) => metadata.uid!),
      ),
      ...difference(
        'addresses on the network',
        inUse.addresses.filter((address) => address.startsWith('10.0.')),
        withAddress.map(({ status }) => status.podIP!),
      ),
      ...(new Set(withAddress.map(({ status }) => status.podIP)).size === withAddress.length
        ? []
        : ['two pods share an address']),
      ...inUse.listeners.flatMap((listener) => {
        const address = listener.slice(0, listener.lastIndexOf(':'))
        return address.startsWith('10.0.') && !own.has(address)
          ? [`somebody listens on ${listener}, which is no pod's`]
          : []
      }),
    ]
  },

  'containers are those of the pods'(soak) {
    // Of each container the present instance is kept and the one before it, for `kubectl logs --previous`.
    const left = new Map<string, number>()
    for (const { spec, metadata } of pods(soak)) {
      const host = spec.hostNetwork ? spec.nodeName! : metadata.name
      const count = spec.containers.length + (spec.initContainers?.length ?? 0)
      left.set(host, (left.get(host) ?? 0) + 2 * count)
    }
    return [...soak.containers].flatMap(([id, host]) => {
      const spare = left.get(host) ?? 0
      left.set(host, spare - 1)
      return spare > 0 ? [] : [`container ${id.slice(0, 12)} of ${host} is kept`]
    })
  },

  'volumes have their claims'(soak) {
    const { api, world } = soak
    const volumes = api.list<PersistentVolume>('persistentvolumes')
    const handles = new Set(volumes.map(({ spec }) => encodeURIComponent(`csi/${spec.csi?.volumeHandle}`)))
    const data = new Set(world.store.list('volume-data/c1/').entries.map(({ key }) => key.split('/')[2]!))
    const claims = new Set(api.list('persistentvolumeclaims').map(({ metadata }) => metadata.uid))
    const begun = world.store.list('provisioning/c1/').entries.map(({ key }) => key.split('/')[2]!)
    return [
      ...volumes.flatMap(({ metadata, spec }) => {
        const claim = api.get(
          'persistentvolumeclaims',
          spec.claimRef?.namespace ?? '',
          spec.claimRef?.name ?? '',
        )
        return claim?.metadata.uid === spec.claimRef?.uid
          ? []
          : [`volume ${metadata.name} has lost its claim`]
      }),
      ...[...data.difference(handles)].map((name) => `data of the lost volume ${name} are kept`),
      ...begun
        .filter((uid) => !claims.has(uid))
        .map((uid) => `a volume is being made for the lost claim ${uid}`),
    ]
  },

  'quotas know what is used': (soak) =>
    soak.api
      .list<KubernetesObject & { status?: { used?: Record<string, string> } }>('resourcequotas')
      .flatMap(({ metadata, status }) => {
        const own = soak.api.list<Pod>('pods', metadata.namespace).filter((pod) => !isFinished(pod))
        const cpu = own
          .flatMap(({ spec }) => spec.containers)
          .reduce((sum, { resources }) => sum + parseMilli(resources?.requests?.cpu), 0)
        const truth = {
          pods: own.length,
          services: soak.api.list('services', metadata.namespace).length,
          'requests.cpu': cpu / 1000,
        }
        return Object.entries(truth).flatMap(([name, value]) => {
          const used =
            name === 'requests.cpu' ? parseMilli(status?.used?.[name]) / 1000 : Number(status?.used?.[name])
          return used === value
            ? []
            : [`quota of ${metadata.namespace} says ${used} ${name}, there are ${value}`]
        })
      }),

  'events are forgotten in time': ({ api, world }) => {
    const events = api.list<
      KubernetesObject & {
        lastTimestamp?: string
        eventTime?: string
        series?: { lastObservedTime: string }
      }
    >('events')
    const old = events.filter(
      ({ series, lastTimestamp, eventTime }) =>
        parseTime(series?.lastObservedTime ?? lastTimestamp ?? eventTime) + EVENT_TTL_MS < world.clock.now(),
    )
    return old.length === 0 ? [] : [`${old.length} events are older than an hour`]
  },

  'no controller failed': ({ errors }) => errors.splice(0),
}

/** What is not as it must be, each with the invariant it breaks. */
export const broken = (soak: SoakedCluster): string[] =>
  Object.entries(INVARIANTS).flatMap(([name, invariant]) =>
    invariant(soak).map((problem) => `${name}: ${problem}`),
  )
