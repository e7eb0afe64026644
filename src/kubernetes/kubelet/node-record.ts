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
  /** Whether the network plug-in can give pods addresses; without it the node stays NotReady. Default true. */
  networkReady?: boolean
  /** The machine or its kubelet does not run. */
  stopped?: boolean
  /** ms since the epoch when it last came up. */
  upSince: number
}

export const nodeRecordPrefix = (clusterUid: string): string => `kubelet/${clusterUid}/nodes/`
