import type { KubernetesObject } from '../api.ts'
import { ON_EC2_NODES } from '../ec2-nodes.ts'
import type { AddonObject } from '../eks-addons.ts'

const NAMESPACE = 'kube-system'
const RESOURCES = { requests: { cpu: '10m', memory: '40Mi' }, limits: { memory: '256Mi' } }
const REGISTRAR = 'v2.15.0'
const LIVENESS = 'v2.17.0'

export interface CsiDriverAddon {
  /** `602401143452.dkr.ecr.us-east-1.amazonaws.com` */
  registry: string
  /** `ebs`: what the names of its objects begin with. */
  prefix: string
  /** `aws-ebs-csi-driver` */
  image: string
  /** Tag of that image. */
  tag: string
  /** `ebs.csi.aws.com` */
  driver: string
  /** Of the CSIDriver object. */
  spec: object
  controllerArgs: string[]
  nodeArgs: string[]
  /** Of the controller's pods: name → tag. */
  sidecars: Record<string, string>
  /** Further fields of the pods on nodes. */
  onNode?: object
}

/** The objects that AWS's storage drivers have in common: accounts, registration, controller, node plugin. */
export function csiDriverObjects(addon: CsiDriverAddon): AddonObject[] {
  const { registry, prefix, driver } = addon
  const labels = { 'app.kubernetes.io/name': addon.image }
  const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels })
  const image = (name: string, tag: string) => `${registry}/eks/${name}:${tag}`
  const container = (name: string, reference: string, args?: string[]) => ({
    name,
    image: reference,
    ...(args && { args }),
    resources: RESOURCES,
  })
  const plugin = (args: string[]) => container(`${prefix}-plugin`, image(addon.image, addon.tag), args)
  const liveness = container('liveness-probe', image('livenessprobe', LIVENESS))
  const account = (name: string): AddonObject => ({
    resource: 'serviceaccounts',
    object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name) },
  })
  const workload = (kind: string, app: string, rest: object, spec: object): KubernetesObject => {
    const all = { ...labels, app }
    const object = {
      apiVersion: 'apps/v1',
      kind,
      metadata: metadata(app),
      spec: { ...rest, selector: { matchLabels: all }, template: { metadata: { labels: all }, spec } },
    }
    return object
  }
  return [
    account(`${prefix}-csi-controller-sa`),
    account(`${prefix}-csi-node-sa`),
    {
      resource: 'csidrivers.storage.k8s.io',
      object: {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name: driver, labels },
        spec: addon.spec,
      } as KubernetesObject,
    },
    {
      resource: 'deployments.apps',
      object: workload(
        'Deployment',
        `${prefix}-csi-controller`,
        { replicas: 2, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } } },
        {
          serviceAccountName: `${prefix}-csi-controller-sa`,
          priorityClassName: 'system-cluster-critical',
          tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
          containers: [
            plugin(addon.controllerArgs),
            ...Object.entries(addon.sidecars).map(([name, tag]) => container(name, image(name, tag))),
            liveness,
          ],
        },
      ),
    },
    {
      resource: 'daemonsets.apps',
      object: workload(
        'DaemonSet',
        `${prefix}-csi-node`,
        { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } } },
        {
          serviceAccountName: `${prefix}-csi-node-sa`,
          affinity: ON_EC2_NODES,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists' }],
          ...addon.onNode,
          containers: [
            plugin(addon.nodeArgs),
            container('node-driver-registrar', image('node-driver-registrar', REGISTRAR)),
            liveness,
          ],
        },
      ),
    },
    {
      resource: 'poddisruptionbudgets.policy',
      object: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: metadata(`${prefix}-csi-controller`),
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: { ...labels, app: `${prefix}-csi-controller` } },
        },
      } as KubernetesObject,
    },
  ]
}
