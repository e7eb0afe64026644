import type { KubernetesObject } from '../api.ts'
import type { AddonObject } from '../eks-addons.ts'

/** What an add-on's `configurationValues` may say of a workload. */
interface WorkloadValues {
  replicaCount?: number
  replicas?: number
  resources?: object
  tolerations?: unknown[]
  nodeSelector?: object
  affinity?: object
  topologySpreadConstraints?: unknown[]
  podLabels?: Record<string, string>
  podAnnotations?: Record<string, string>
  env?: Record<string, string>
}

/** `configurationValues` of an EKS add-on, read; what is not known has no effect. */
export interface AddonConfiguration extends WorkloadValues {
  enableNetworkPolicy?: string | boolean
  corefile?: string
  /** Of drivers, whose controller and node plugin are set apart. */
  controller?: WorkloadValues
  node?: WorkloadValues
  defaultStorageClass?: { enabled?: boolean }
}

interface Workload extends KubernetesObject {
  spec: {
    replicas?: number
    template: {
      metadata: { labels?: object; annotations?: object }
      spec: Record<string, unknown> & { containers: { env?: { name: string; value?: string }[] }[] }
    }
  }
}

/** The objects of an add-on as its configuration wants them. */
export function configured(objects: AddonObject[], values: AddonConfiguration): AddonObject[] {
  const changed = objects.map(({ resource, object }): AddonObject => {
    if (resource === 'deployments.apps')
      return { resource, object: workload(object as Workload, values.controller ?? values) }
    if (resource === 'daemonsets.apps')
      return { resource, object: workload(object as Workload, values.node ?? values) }
    if (resource === 'configmaps' && values.corefile !== undefined)
      return { resource, object: { ...object, data: { Corefile: values.corefile } } as KubernetesObject }
    return { resource, object }
  })
  return values.defaultStorageClass?.enabled ? [...changed, DEFAULT_CLASS] : changed
}

function workload(object: Workload, values: WorkloadValues): Workload {
  const { template } = object.spec
  const replicas = values.replicaCount ?? values.replicas
  const { resources, tolerations, nodeSelector, affinity, topologySpreadConstraints } = values
  const [first, ...rest] = template.spec.containers
  const env = Object.entries(values.env ?? {}).map(([name, value]) => ({ name, value }))
  const kept = first?.env?.filter(({ name }) => values.env?.[name] === undefined) ?? []
  const main = {
    ...first,
    ...(resources && { resources }),
    ...(env.length > 0 && { env: [...kept, ...env] }),
  }
  return {
    ...object,
    spec: {
      ...object.spec,
      ...(replicas !== undefined && object.kind === 'Deployment' && { replicas }),
      template: {
        metadata: {
          ...template.metadata,
          labels: { ...template.metadata.labels, ...values.podLabels },
          ...(values.podAnnotations && { annotations: values.podAnnotations }),
        },
        spec: {
          ...template.spec,
          ...(tolerations && { tolerations }),
          ...(nodeSelector && { nodeSelector }),
          ...(affinity && { affinity }),
          ...(topologySpreadConstraints && { topologySpreadConstraints }),
          containers: [main, ...rest],
        },
      },
    },
  }
}

/** What `defaultStorageClass` of the EBS driver makes. */
const DEFAULT_CLASS: AddonObject = {
  resource: 'storageclasses.storage.k8s.io',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: {
      name: 'ebs-csi-default-sc',
      annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    },
    provisioner: 'ebs.csi.aws.com',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  } as KubernetesObject,
}
