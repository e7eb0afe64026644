/** The part of JSON Schema (draft 6) that add-ons use. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean'
  description?: string
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  enum?: string[]
  minimum?: number
  default?: unknown
}

const object: Schema = { type: 'object' }
const list: Schema = { type: 'array', items: object }
const text: Schema = { type: 'string' }
const texts: Schema = { type: 'object', additionalProperties: text }
const count: Schema = { type: 'integer', minimum: 0 }
const flag: Schema = { type: 'boolean' }
const amounts: Schema = { type: 'object', additionalProperties: true }
const resources: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: { limits: amounts, requests: amounts },
}
const of = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  additionalProperties: false,
  properties,
})
/** What most add-ons let be set of their pods. */
const pods = { affinity: object, resources, tolerations: list, nodeSelector: texts }

/**
 * What `configurationValues` of each add-on may hold. From knowledge of describe-addon-configuration (2026-11), shortened: fields
 * are those that have an effect here or that people commonly set.
 */
export const addonSchemas: Record<string, Schema> = {
  'vpc-cni': of({
    ...pods,
    env: texts,
    init: of({ env: texts, resources }),
    enableNetworkPolicy: { ...text, enum: ['true', 'false'], default: 'false' },
    enableWindowsIpam: { ...text, enum: ['true', 'false'] },
    nodeAgent: of({ enableCloudWatchLogs: text, enablePolicyEventLogs: text, resources }),
    podAnnotations: texts,
    podLabels: texts,
    minReadySeconds: count,
    eniConfig: object,
  }),
  coredns: of({
    ...pods,
    replicaCount: count,
    corefile: { ...text, description: 'Entire corefile contents to use with installation' },
    computeType: text,
    podAnnotations: texts,
    podLabels: texts,
    podDisruptionBudget: object,
    topologySpreadConstraints: list,
    autoScaling: of({ enabled: flag, minReplicas: count, maxReplicas: count }),
  }),
  'kube-proxy': of({
    ...pods,
    podAnnotations: texts,
    podLabels: texts,
    mode: { ...text, enum: ['iptables', 'ipvs'] },
    ipvs: of({ scheduler: text }),
  }),
  'aws-ebs-csi-driver': of({
    controller: of({
      ...pods,
      replicaCount: count,
      extraVolumeTags: texts,
      podAnnotations: texts,
      podLabels: texts,
      sdkDebugLog: flag,
    }),
    node: of({ ...pods, enableWindows: flag, podAnnotations: texts, volumeAttachLimit: count }),
    defaultStorageClass: of({ enabled: flag }),
    sidecars: object,
  }),
  'aws-efs-csi-driver': of({
    controller: of({ ...pods, replicaCount: count }),
    node: of({ ...pods }),
    sidecars: object,
  }),
  'eks-pod-identity-agent': of({
    ...pods,
    agent: of({ additionalArgs: object }),
    podAnnotations: texts,
    podLabels: texts,
    priorityClassName: text,
  }),
  'metrics-server': of({
    ...pods,
    replicas: count,
    podAnnotations: texts,
    podLabels: texts,
    podDisruptionBudget: object,
    topologySpreadConstraints: list,
  }),
}
