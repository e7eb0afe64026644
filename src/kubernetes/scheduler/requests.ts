import type { ContainerSpecification, Pod } from '../objects.ts'
import { parseMilli, parseQuantity } from '../quantity.ts'

/** Amounts by resource name; `cpu` in milli-CPU, everything else in its base unit. */
export type Amounts = Record<string, number>

export const amountOf = (resource: string, quantity: string | number | undefined): number =>
  resource === 'cpu' ? parseMilli(quantity) : parseQuantity(quantity)

export const amountsOf = (quantities: Record<string, string> | undefined): Amounts =>
  Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, quantity]) => [name, amountOf(name, quantity)]),
  )

function plus(a: Amounts, b: Amounts): Amounts {
  const sum = { ...a }
  for (const [name, amount] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + amount
  return sum
}

function most(a: Amounts, b: Amounts): Amounts {
  const result = { ...a }
  for (const [name, amount] of Object.entries(b)) result[name] = Math.max(result[name] ?? 0, amount)
  return result
}

const isSidecar = (container: ContainerSpecification): boolean => container.restartPolicy === 'Always'

/** What a pod asks of its node: its containers together, or an init container beside the sidecars before it, if that is more. */
export function requestsOf(pod: Pod): Amounts {
  const { spec } = pod
  const requests = counted(pod)
  let sidecars: Amounts = {}
  let start: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) sidecars = plus(sidecars, requests(container))
    start = most(start, isSidecar(container) ? sidecars : plus(sidecars, requests(container)))
  }
  const running = spec.containers.map(requests).reduce(plus, sidecars)
  return plus(most(running, start), amountsOf(spec.overhead))
}

/**
 * What a container counts for. While a resize waits, that is what it asks for or what it has, whichever is more; what the node can
 * never give does not count. Models component-helpers/resource determineContainerReqs.
 */
function counted({ status }: Pod): (container: ContainerSpecification) => Amounts {
  const wanted = (container: ContainerSpecification) => amountsOf(container.resources?.requests)
  const pending = status?.conditions?.find(({ type }) => type === 'PodResizePending')
  if (!pending) return wanted
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  return (container) => {
    const given = statuses.find(({ name }) => name === container.name)?.allocatedResources
    if (!given) return wanted(container)
    return pending.reason === 'Infeasible' ? amountsOf(given) : most(wanted(container), amountsOf(given))
  }
}

/** Ports of the node that a pod takes: `TCP/8080`, with the address when it names one. */
export const hostPortsOf = (pod: Pod): string[] =>
  pod.spec.containers.flatMap((container) =>
    (container.ports ?? [])
      .filter((port) => port.hostPort)
      .map((port) => `${port.protocol ?? 'TCP'}/${port.hostPort}/${port.hostIP ?? '0.0.0.0'}`),
  )

/** Whether two entries of `hostPortsOf` cannot be on one node. */
export function portsConflict(a: string, b: string): boolean {
  const [protocolA, portA, addressA] = a.split('/')
  const [protocolB, portB, addressB] = b.split('/')
  return (
    protocolA === protocolB &&
    portA === portB &&
    (addressA === addressB || addressA === '0.0.0.0' || addressB === '0.0.0.0')
  )
}
