import type {
  Container,
  ContainerRuntime,
  ContainerSpec,
  DnsRecord,
  DnsType,
  NameAnswer,
  NameTrouble,
  ProcessNamespace,
} from '#containers/runtime.ts'
import type { VirtualNetwork } from '#network/virtual-network.ts'
import type { Timer } from '#world/clock.ts'
import type { ClusterApi } from '../api.ts'
import type { ControlPlane } from '../controllers/control-plane.ts'
import type { ContainerSpecification, Pod } from '../objects.ts'
import type { ClusterOptions } from '../provider.ts'
import type { VolumeStore } from '../volumes/files.ts'
import type { EnvironmentSource } from './environment.ts'
import type { NodeImages } from './node-images.ts'
import type { NodeMemory } from './node-memory.ts'
import type { NodeNetworks } from './node-network.ts'
import type { PodResize } from './resize.ts'
import type { PodLedger } from './uplink.ts'
import type { TokenIssuer } from './volume-content.ts'
import type { PodVolumes } from './volumes.ts'

/** What pods need of their cluster; a kubelet has it before it knows an API server. */
export type KubeletPlane = Pick<ControlPlane, 'world' | 'now' | 'podAddresses'> & {
  options: Pick<ClusterOptions, 'network' | 'runtime' | 'provider' | 'gitVersion'>
}

/** What the kubelet gives all its pods. */
export interface KubeletServices {
  plane: KubeletPlane
  /** The API as the kubelet of a node has it. */
  apiOf(node: string): ClusterApi
  ledger: PodLedger
  images: NodeImages
  /** The pods of a node, as the API server has them. */
  podsOn(node: string): Pod[]
  /** The pods that mount a claim, `<namespace>/<name>`. */
  podsWith(claim: string): Pod[]
  issueToken: TokenIssuer
  volumes: VolumeStore
  networks: NodeNetworks
  /** Default: nodes have memory without end. */
  memory?: NodeMemory
  /** Resolves a name as a pod with an address sees it. */
  resolve(pod: Pod, address: string, name: string): NameAnswer
  /** What the name server of a pod with an address, or `server`, tells of a full name; undefined: NXDOMAIN. */
  records(
    pod: Pod,
    address: string,
    name: string,
    type: DnsType,
    server?: string,
  ): DnsRecord[] | NameTrouble | undefined
  /** The text of a pod's `/etc/resolv.conf`. */
  resolver(pod: Pod, nodeName: string): string
  /** Brings a pod's next sync. */
  enqueue(key: string): void
}

/** What a container of a pod asks of its surroundings. */
export interface PodContext {
  readonly api: ClusterApi
  readonly images: NodeImages
  readonly network: VirtualNetwork
  readonly runtime: ContainerRuntime
  readonly volumes: PodVolumes
  readonly networks: NodeNetworks
  /** Which resources the pod's containers have of their node. */
  readonly resize: PodResize
  readonly nodeName: string
  readonly nodeAddress: string
  readonly podAddress: string | undefined
  readonly userAgent: string
  now(): number
  /** How long (ms) takes what usually takes `ms`: until its node can be ready, all is a part of its provisioning. */
  duration(ms: number): number
  newId(): string
  setTimer(ms: number, callback: () => void): Timer
  sleep(ms: number): Promise<void>
  /** Asks for a sync at a time, or sooner. */
  wakeAt(time: number): void
  enqueue(): void
  event(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void
  source(pod: Pod): EnvironmentSource
  /** Mounts the pod's volumes as they are now. Whether all are as they should be; if not, the pod is woken. */
  mount(pod: Pod): boolean
  /** The pods of the node, this one among them. */
  neighbours(): Pod[]
  hostname(pod: Pod): string
  hosts(pod: Pod): Record<string, string>
  /** The text of `/etc/hosts`; undefined: the runtime's own. */
  hostsFile(pod: Pod, spec: ContainerSpecification): string | undefined
  lookup(pod: Pod, name: string): NameAnswer
  records(pod: Pod, name: string, type: DnsType, server?: string): DnsRecord[] | NameTrouble | undefined
  /** The text of `/etc/resolv.conf`. */
  resolver(pod: Pod): string
  /** Whose processes a container's run among; undefined: nobody's. */
  processesOf(pod: Pod, spec: ContainerSpecification): Container | ProcessNamespace | undefined
  /** A container's place among those that share the node's memory. */
  memoryOf(pod: Pod, spec: ContainerSpecification): Pick<ContainerSpec, 'memoryPool' | 'oomScoreAdjust'>
}
