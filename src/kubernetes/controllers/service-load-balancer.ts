import type { Controller, Result } from '#world/controller.ts'
import { equal } from '../equality.ts'
import type { Node, Service } from '../objects.ts'
import { nameOf, splitName } from '../pods.ts'
import type { LoadBalancerRequest } from '../provider.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup'
const EXCLUDED = 'node.kubernetes.io/exclude-from-external-load-balancers'
const SOURCE = { component: 'service-controller' }
/** How soon (ms) to ask a cloud that is still building. */
const POLL_MS = 1000
/** Retries after a failure (ms): `minRetryDelay` doubling to `maxRetryDelay`. */
const RETRY_MS = 5_000
const RETRY_MAX_MS = 300_000

/** Gives Services of type LoadBalancer their load balancer. Models cloud-provider/controllers/service. */
export function serviceLoadBalancerController(plane: ControlPlane): Controller {
  const { api, options } = plane
  const { provider } = options
  const failures = new Map<string, number>()

  async function reconcile(key: string): Promise<Result | undefined> {
    const service = api.get<Service>('services', ...splitName(key))
    if (!service) return
    const wanted =
      service.spec.type === 'LoadBalancer' &&
      !service.metadata.deletionTimestamp &&
      !service.spec.loadBalancerClass
    if (!wanted && !service.metadata.finalizers?.includes(FINALIZER)) return
    try {
      const result = wanted ? await ensure(service) : await remove(service)
      if (!result) failures.delete(key)
      return result
    } catch (error) {
      return failed(key, error as Error, wanted)
    }
  }

  async function ensure(found: Service): Promise<Result | undefined> {
    const begun = found.metadata.finalizers?.includes(FINALIZER)
    if (!begun) {
      api.event(found, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer', SOURCE)
      const finalizers = [...(found.metadata.finalizers ?? []), FINALIZER]
      api.update('services', { ...found, metadata: { ...found.metadata, finalizers } })
    }
    const ingress = await provider.ensureLoadBalancer(requestFor(found))
    if (ingress === 'elsewhere') return
    if (!ingress) return { requeueAfterMs: POLL_MS }
    const service = latest(found)
    if (!service || equal(service.status?.loadBalancer?.ingress, ingress)) return
    api.updateStatus('services', { ...service, status: { ...service.status, loadBalancer: { ingress } } })
    api.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer', SOURCE)
  }

  async function remove(found: Service): Promise<undefined> {
    api.event(found, 'Normal', 'DeletingLoadBalancer', 'Deleting load balancer', SOURCE)
    const { namespace, name, uid } = found.metadata
    await provider.deleteLoadBalancer({ namespace: namespace!, name, uid: uid! })
    const service = latest(found)
    if (!service) return
    api.event(service, 'Normal', 'DeletedLoadBalancer', 'Deleted load balancer', SOURCE)
    if (service.status?.loadBalancer?.ingress) {
      api.updateStatus('services', { ...service, status: { ...service.status, loadBalancer: {} } })
    }
    const finalizers = service.metadata.finalizers?.filter((finalizer) => finalizer !== FINALIZER)
    unlessGone(() => {
      const { resourceVersion: _, ...metadata } = service.metadata
      api.update('services', { ...service, metadata: { ...metadata, finalizers } })
    })
  }

  function failed(key: string, error: Error, ensuring: boolean): Result {
    const count = failures.get(key) ?? 0
    failures.set(key, count + 1)
    const service = api.get<Service>('services', ...splitName(key))
    const message = ensuring
      ? `Error syncing load balancer: failed to ensure load balancer: ${error.message}`
      : `Error deleting load balancer: ${error.message}`
    if (service) api.event(service, 'Warning', 'SyncLoadBalancerFailed', message, SOURCE)
    return { requeueAfterMs: Math.min(RETRY_MS * 2 ** count, RETRY_MAX_MS) }
  }

  function latest({ metadata }: Service): Service | undefined {
    const service = api.get<Service>('services', metadata.namespace!, metadata.name)
    return service?.metadata.uid === metadata.uid ? service : undefined
  }

  function requestFor({ metadata, spec }: Service): LoadBalancerRequest {
    return {
      namespace: metadata.namespace!,
      name: metadata.name,
      uid: metadata.uid!,
      annotations: metadata.annotations ?? {},
      ports: (spec.ports ?? []).map(({ name, protocol = 'TCP', port, nodePort = 0 }) => ({
        ...(name && { name }),
        protocol,
        port,
        nodePort,
      })),
      nodes: api.list<Node>('nodes').filter(takesTraffic).map(memberOf),
      sourceRanges: spec.loadBalancerSourceRanges ?? [],
    }
  }

  /** Services whose load balancers must learn of a change of the nodes. */
  const balanced = () =>
    api
      .list<Service>('services')
      .filter(({ spec }) => spec.type === 'LoadBalancer')
      .map(nameOf)

  return {
    name: 'service-controller',
    concurrency: 8,
    sources: [
      { prefix: api.prefix('services'), keys: ownKey },
      {
        prefix: api.prefix('nodes'),
        keys({
          type,
          entry,
          previous,
        }: {
          type: string
          entry: { value: Node }
          previous?: { value: Node }
        }) {
          const before = previous && takesTraffic(previous.value) && memberOf(previous.value)
          const after = type === 'put' && takesTraffic(entry.value) && memberOf(entry.value)
          return equal(before || undefined, after || undefined) ? [] : balanced()
        },
      },
    ],
    reconcile,
  }
}

/** Whether load balancers may lead to a node. */
export function takesTraffic({ metadata, spec, status }: Node): boolean {
  if (metadata.labels?.[EXCLUDED] !== undefined) return false
  if (spec?.taints?.some(({ key }) => key === 'ToBeDeletedByClusterAutoscaler')) return false
  return (
    Boolean(spec?.providerID) &&
    (status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false)
  )
}

const memberOf = ({ metadata, spec, status }: Node) => ({
  name: metadata.name,
  providerId: spec.providerID ?? '',
  address: status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
})
