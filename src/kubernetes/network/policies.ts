import { ConnectError, type Peer, type Protocol, type Route } from '#network/virtual-network.ts'
import type { Store } from '#world/store.ts'
import { StoreIndex } from '#world/store-index.ts'
import type { ClusterApi } from '../api.ts'
import type { DaemonSet, Namespace, NetworkPolicy, Pod } from '../objects.ts'
import { selects } from '../selectors.ts'
import { inRange } from './services.ts'

type Direction = 'Ingress' | 'Egress'
type Rules = NonNullable<NetworkPolicy['spec']['ingress']>
type PolicyPeer = NonNullable<Rules[number]['_from']>[number]
type PolicyPort = NonNullable<Rules[number]['ports']>[number]
/** A rule of either direction, as it stands in JSON. */
interface Rule {
  from?: PolicyPeer[]
  to?: PolicyPeer[]
  ports?: PolicyPort[]
}

/** One end of a connection: an address, and the pod that has it. */
interface End {
  address: string
  pod: Pod | undefined
}

/** The port that a connection goes to, at the pod that listens if it is one. */
interface Target {
  port: number
  protocol: Protocol
  pod: Pod | undefined
}

/**
 * Drops what NetworkPolicies do not allow, as a network plugin does on every node. Must be asked after the Services' route:
 * policies see the pods that connections really go to.
 */
export class PolicyRoute implements Route {
  readonly #api: ClusterApi
  readonly #policies: StoreIndex<NetworkPolicy>
  readonly #pods: StoreIndex<Pod>

  /** `pods` are those that live, by their own addresses. */
  constructor(store: Store, api: ClusterApi, pods: StoreIndex<Pod>) {
    this.#api = api
    this.#pods = pods
    this.#policies = new StoreIndex<NetworkPolicy>(
      store,
      api.prefix('networkpolicies.networking.k8s.io'),
      ({ metadata }) => [metadata.namespace!],
    )
  }

  close(): void {
    this.#policies.close()
  }

  /** Leaves the connection as it is, or lets it time out: packets that no policy allows are dropped, not refused. */
  resolve(from: Peer, to: Peer, _dialed: Peer, protocol: Protocol): undefined {
    const source = { address: from.address, pod: this.#pods.get(from.address)[0] }
    const target = { address: to.address, pod: this.#pods.get(to.address)[0] }
    if (this.#allowed(source, target, to.port, protocol)) return
    throw new ConnectError('ETIMEDOUT', to.address, to.port)
  }

  #allowed(source: End, target: End, port: number, protocol: Protocol): boolean {
    if (!source.pod && !target.pod) return true
    if (source.address === target.address) return true
    // What runs on a pod's own node, its kubelet above all, always reaches it.
    const local = source.address === target.pod?.status.hostIP || source.address.startsWith('127.')
    if (local || !isEnforced(this.#api)) return true
    const where: Target = { port, protocol, pod: target.pod }
    return (
      (!source.pod || this.#admits('Egress', source.pod, target, where)) &&
      (!target.pod || this.#admits('Ingress', target.pod, source, where))
    )
  }

  /** Whether the policies of a pod let a connection through; without any for the direction everything may pass. */
  #admits(direction: Direction, pod: Pod, other: End, target: Target): boolean {
    const policies = this.#policies
      .get(pod.metadata.namespace!)
      .filter(({ spec }) => isAbout(spec, direction) && selects(spec.podSelector ?? {}, pod.metadata.labels))
    return policies.length === 0 || policies.some((policy) => this.#lets(policy, direction, other, target))
  }

  #lets({ metadata, spec }: NetworkPolicy, direction: Direction, other: End, target: Target): boolean {
    const rules = (direction === 'Ingress' ? spec.ingress : spec.egress) as Rule[] | undefined
    return (rules ?? []).some((rule) => {
      const peers = (direction === 'Ingress' ? rule.from : rule.to) ?? []
      const ports = rule.ports ?? []
      return (
        (peers.length === 0 || peers.some((peer) => this.#isPeer(peer, metadata.namespace!, other))) &&
        (ports.length === 0 || ports.some((port) => isPort(port, target)))
      )
    })
  }

  #isPeer({ ipBlock, podSelector, namespaceSelector }: PolicyPeer, namespace: string, other: End): boolean {
    if (ipBlock) {
      const { cidr, except = [] } = ipBlock
      return inRange(cidr)(other.address) && !except.some((part) => inRange(part)(other.address))
    }
    if (!other.pod) return false
    const { namespace: place, labels } = other.pod.metadata
    const inNamespace = namespaceSelector
      ? selects(namespaceSelector, this.#api.get<Namespace>('namespaces', '', place!)?.metadata.labels)
      : place === namespace
    return inNamespace && (!podSelector || selects(podSelector, labels))
  }
}

const isAbout = ({ policyTypes, egress }: NetworkPolicy['spec'], direction: Direction): boolean =>
  policyTypes?.length ? policyTypes.includes(direction) : direction === 'Ingress' || egress !== undefined

function isPort({ port, endPort, protocol = 'TCP' }: PolicyPort, target: Target): boolean {
  if (protocol !== target.protocol) return false
  if (port === undefined) return true
  if (typeof port === 'number') return target.port >= port && target.port <= (endPort ?? port)
  const named = (target.pod?.spec.containers ?? [])
    .flatMap(({ ports = [] }) => ports)
    .find(({ name }) => name === port)
  return named?.containerPort === target.port
}

/** The VPC CNI enforces policies only when its node agent is told to; other plugins are taken to do so. */
function isEnforced(api: ClusterApi): boolean {
  const plugin = api.get<DaemonSet>('daemonsets.apps', 'kube-system', 'aws-node')
  if (!plugin) return true
  const agent = plugin.spec.template?.spec?.containers.find(({ name }) => name === 'aws-eks-nodeagent')
  return agent?.args?.includes('--enable-network-policy=true') ?? false
}
