import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { ClusterApi, KubernetesObject } from '#kubernetes/api.ts'
import type { NodeSelectorTerm, Taint } from '#kubernetes/objects.ts'
import { AUTO_EBS_DRIVER } from '#kubernetes/volumes/claims.ts'

export const POOLS = 'nodepools.karpenter.sh'
export const CLAIMS = 'nodeclaims.karpenter.sh'
export const CLASSES = 'nodeclasses.eks.amazonaws.com'
const CSI_DRIVERS = 'csidrivers.storage.k8s.io'
const DEFINITIONS = 'customresourcedefinitions.apiextensions.k8s.io'

/** On claims and nodes: the pool that they belong to. */
export const POOL_LABEL = 'karpenter.sh/nodepool'
export const CAPACITY_LABEL = 'karpenter.sh/capacity-type'
export const CLASS_LABEL = 'eks.amazonaws.com/nodeclass'
/** Who Auto Mode is in events. */
export const COMPONENT = { component: 'eks-auto-mode/compute' }

export interface Condition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason: string
  message: string
  lastTransitionTime?: string
}

/** What a claim asks for, and a pool's template with it. */
export interface ClaimSpec {
  nodeClassRef: { group: string; kind: string; name: string }
  requirements: NonNullable<NodeSelectorTerm['matchExpressions']>
  taints?: Taint[]
  /** Go durations; `Never`. */
  expireAfter?: string
  terminationGracePeriod?: string
}

export interface NodePool extends KubernetesObject {
  spec: {
    weight?: number
    limits?: Record<string, string | number>
    disruption?: { consolidationPolicy?: string; consolidateAfter: string; budgets?: { nodes: string }[] }
    template: { metadata?: { labels?: Record<string, string> }; spec: ClaimSpec }
  }
  status?: { conditions?: Condition[]; nodes?: number; resources?: Record<string, string> }
}

export interface NodeClaim extends KubernetesObject {
  spec: ClaimSpec
  status?: {
    conditions?: Condition[]
    providerID?: string
    imageID?: string
    nodeName?: string
    capacity?: Record<string, string>
    allocatable?: Record<string, string>
    /** When a pod last came to its node or left it. */
    lastPodEventTime?: string
  }
}

export interface SelectorTerm {
  id?: string
  name?: string
  tags?: Record<string, string>
}

export interface NodeClass extends KubernetesObject {
  spec: {
    role?: string
    subnetSelectorTerms: SelectorTerm[]
    securityGroupSelectorTerms: SelectorTerm[]
    tags?: Record<string, string>
  }
  status?: { conditions?: Condition[] } & Record<string, unknown>
}

let definitions: KubernetesObject[] | undefined

const DRIVER: KubernetesObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSIDriver',
  metadata: { name: AUTO_EBS_DRIVER },
  spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: 'ReadWriteOnceWithFSType' },
} as KubernetesObject

/** Makes the driver of Auto Mode's block storage known to a cluster, or takes it out. */
export function ensureDriver(client: ClusterApi, isOn: boolean): void {
  const present = client.get(CSI_DRIVERS, '', AUTO_EBS_DRIVER)
  if (isOn && !present) client.create(CSI_DRIVERS, structuredClone(DRIVER))
  if (!isOn && present) client.delete(CSI_DRIVERS, '', AUTO_EBS_DRIVER)
}

/** Makes the kinds known to a cluster; whether it serves them already. */
export function ensureKinds(client: ClusterApi): boolean {
  definitions ??= parse(
    readFileSync(new URL('definitions.yaml', import.meta.url), 'utf8'),
  ) as KubernetesObject[]
  for (const definition of definitions) {
    if (!client.get(DEFINITIONS, '', definition.metadata.name))
      client.create(DEFINITIONS, structuredClone(definition))
  }
  return (
    client.resourceNamed('karpenter.sh', 'NodePool') !== undefined &&
    client.resourceNamed('karpenter.sh', 'NodeClaim') !== undefined &&
    client.resourceNamed('eks.amazonaws.com', 'NodeClass') !== undefined
  )
}

/** A Go duration (`1h30m`, `30s`) in ms; undefined for `Never`. */
export function durationMs(text: string | undefined): number | undefined {
  if (text === undefined || text === 'Never') return undefined
  const units = { h: 3_600_000, m: 60_000, s: 1000 }
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit as 'h' | 'm' | 's'],
    0,
  )
}
