import type { ClusterApi, KubernetesObject } from '../api.ts'
import { unlessGone } from '../controllers/replicas.ts'
import { takesTraffic } from '../controllers/service-load-balancer.ts'
import { equal } from '../equality.ts'
import type { EndpointSlice, Node, Service } from '../objects.ts'
import { bindingsOf, type Flavour } from './flavour.ts'
import type { BalancerStack, DeployedBalancer } from './stack.ts'

/** A TargetGroupBinding: the target group whose targets are the endpoints of a Service. */
export interface TargetGroupBinding extends KubernetesObject {
  spec: {
    targetGroupARN: string
    targetType?: 'instance' | 'ip'
    serviceRef: { name: string; port: number | string }
    ipAddressType?: string
  }
}

/** The targets of a binding as they are now: the nodes, or the pods that are ready. */
export function targetsOf(api: ClusterApi, binding: TargetGroupBinding): { id: string; port: number }[] {
  const { serviceRef, targetType } = binding.spec
  const { namespace = '' } = binding.metadata
  const service = api.get<Service>('services', namespace, serviceRef.name)
  const port = service?.spec.ports?.find(({ port, name }) => [port, name].includes(serviceRef.port))
  if (!service || !port) return []
  if (targetType === 'instance') {
    if (!port.nodePort) return []
    return api
      .list<Node>('nodes')
      .filter(takesTraffic)
      .map(({ spec }) => ({ id: spec.providerID!, port: port.nodePort! }))
  }
  return api
    .list<EndpointSlice>('endpointslices.discovery.k8s.io', namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === serviceRef.name)
    .flatMap(({ endpoints = [], ports = [] }) => {
      const target = ports.find(({ name }) => (name ?? '') === (port.name ?? ''))?.port
      if (target === undefined) return []
      return endpoints
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => addresses.map((id) => ({ id, port: target })))
    })
}

const labelsOf = (
  { domain }: Flavour,
  { kind, id }: Pick<BalancerStack, 'kind' | 'id'>,
): Record<string, string> => {
  const prefix = `${kind}.${domain}`
  const [namespace, name] = id.split('/')
  return name === undefined
    ? { [`${prefix}/stack`]: id }
    : { [`${prefix}/stack-name`]: name, [`${prefix}/stack-namespace`]: namespace! }
}

const belongsTo = (flavour: Flavour, stack: Pick<BalancerStack, 'kind' | 'id'>) => {
  const labels = Object.entries(labelsOf(flavour, stack))
  return ({ metadata }: KubernetesObject) => labels.every(([key, value]) => metadata.labels?.[key] === value)
}

/** Makes one binding for each target group of a stack, and takes away those of groups that are gone. */
export function bindTargetGroups(
  api: ClusterApi,
  flavour: Flavour,
  stack: BalancerStack,
  deployed: DeployedBalancer,
): void {
  const resource = bindingsOf(flavour)
  for (const { name, namespace, service, servicePort, targetType } of stack.targetGroups) {
    const wanted: TargetGroupBinding = {
      apiVersion: `${flavour.group}/${flavour.version}`,
      kind: 'TargetGroupBinding',
      metadata: { name, namespace, labels: labelsOf(flavour, stack) },
      spec: {
        targetGroupARN: deployed.targetGroups[name]!,
        targetType,
        ipAddressType: 'ipv4',
        serviceRef: { name: service, port: servicePort },
      },
    }
    const found = api.get<TargetGroupBinding>(resource, namespace, name)
    if (!found) api.create(resource, wanted)
    else if (!equal({ ...found.spec, ...wanted.spec }, found.spec)) {
      api.update(resource, { ...found, spec: { ...found.spec, ...wanted.spec } })
    }
  }
  const kept = new Set(stack.targetGroups.map(({ namespace, name }) => `${namespace}/${name}`))
  unbind(api, flavour, stack, kept)
}

/** Takes away the bindings of a stack but for those in `kept` (`namespace/name`). */
export function unbind(
  api: ClusterApi,
  flavour: Flavour,
  stack: Pick<BalancerStack, 'kind' | 'id'>,
  kept: ReadonlySet<string> = new Set(),
): void {
  const resource = bindingsOf(flavour)
  for (const { metadata } of api.list<TargetGroupBinding>(resource).filter(belongsTo(flavour, stack))) {
    const { namespace = '', name } = metadata
    if (!kept.has(`${namespace}/${name}`)) unlessGone(() => api.delete(resource, namespace, name))
  }
}
