import type { NodeSystemInfo, Taint } from '../objects.ts'

/** A machine with a kubelet, as the cloud makes it known. Stands in the store: the kubelet's own configuration. */
export interface NodeRecord {
  /** `ip-10-0-1-17.ec2.internal` */
  name: string
  /** `aws:///us-east-1a/i-…` */
  providerId: string
  /** InternalIP. */
  address: string
  externalAddress?: string
  labels: Record<string, string>
  taints: Taint[]
  /** Quantities by resource: `cpu`, `memory`, `pods`, `ephemeral-storage`. */
  capacity: Record<string, string>
  allocatable: Record<string, string>
  nodeInfo: NodeSystemInfo
  /** Why the container runtime cannot be asked: the node is NotReady with this message. */
  runtimeTrouble?: string
  /** The machine does not run. */
  stopped?: boolean
  /** Its kubelet does not run: what its pods run goes on, and nobody looks after it or reports it. */
  kubeletStopped?: boolean
  /** When the machine was last told to start anew while it ran, ms since the epoch. */
  rebootedAt?: number
  /** ms since the epoch when it last came up. */
  upSince: number
}

export const nodeRecordPrefix = (clusterUid: string): string => `kubelet/${clusterUid}/nodes/`

/** What a node's kubelet knows of itself since it was started. */
export interface KubeletMemory {
  /** The start of the machine (`upSince`) for which it has registered its node. */
  registeredFor: number
  /** Whether the node took no new pods when the kubelet last looked. */
  unschedulable: boolean
}

/** Where a kubelet's memory stands. Who starts a kubelet anew deletes it. */
export const memoryKey = (clusterUid: string, node: string): string => `kubelet/${clusterUid}/memory/${node}`
