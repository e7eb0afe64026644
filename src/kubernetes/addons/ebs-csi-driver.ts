import type { KubernetesObject } from '../api.ts'
import { ON_EC2_NODES } from '../ec2-nodes.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'

// The EKS add-on aws-ebs-csi-driver, without what has no effect here.
// Source: kubernetes-sigs/aws-ebs-csi-driver v1.5x manifests and its EKS add-on, read 2026-11.

const NAMESPACE = 'kube-system'
const LABELS = { 'app.kubernetes.io/name': 'aws-ebs-csi-driver' }
const SIDECARS = { 'csi-provisioner': 'v5.3.0', 'csi-attacher': 'v4.10.0', 'csi-resizer': 'v1.14.0' }
const REGISTRAR = 'v2.15.0'
const LIVENESS = 'v2.17.0'

const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels: LABELS })

/** The objects of the EBS CSI driver: controller, node plugin, registration. */
export function ebsCsiDriver({ registry, version }: AddonOptions): AddonObject[] {
  const image = (name: string, tag: string) => `${registry}/eks/${name}:${tag}`
  const plugin = {
    name: 'ebs-plugin',
    image: image('aws-ebs-csi-driver', version.replace(/-eksbuild.*/, '')),
    args: ['controller', '--endpoint=unix:///var/lib/csi/sockets/pluginproxy/csi.sock'],
    resources: { requests: { cpu: '10m', memory: '40Mi' }, limits: { memory: '256Mi' } },
  }
  const sidecar = (name: string, tag: string) => ({
    name,
    image: image(name, tag),
    resources: { requests: { cpu: '10m', memory: '40Mi' }, limits: { memory: '256Mi' } },
  })
  const liveness = { ...sidecar('liveness-probe', LIVENESS), image: image('livenessprobe', LIVENESS) }
  const account = (name: string): AddonObject => ({
    resource: 'serviceaccounts',
    object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata(name) },
  })
  return [
    account('ebs-csi-controller-sa'),
    account('ebs-csi-node-sa'),
    {
      resource: 'csidrivers.storage.k8s.io',
      object: {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name: 'ebs.csi.aws.com', labels: LABELS },
        spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: 'File' },
      } as KubernetesObject,
    },
    {
      resource: 'deployments.apps',
      object: workload('Deployment', 'ebs-csi-controller', {
        replicas: 2,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
        spec: {
          serviceAccountName: 'ebs-csi-controller-sa',
          priorityClassName: 'system-cluster-critical',
          tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
          containers: [
            plugin,
            ...Object.entries(SIDECARS).map(([name, tag]) => sidecar(name, tag)),
            liveness,
          ],
        },
      }),
    },
    {
      resource: 'daemonsets.apps',
      object: workload('DaemonSet', 'ebs-csi-node', {
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
        spec: {
          serviceAccountName: 'ebs-csi-node-sa',
          affinity: ON_EC2_NODES,
          priorityClassName: 'system-node-critical',
          tolerations: [{ operator: 'Exists' }],
          containers: [
            { ...plugin, args: ['node', '--endpoint=unix:/csi/csi.sock'] },
            sidecar('node-driver-registrar', REGISTRAR),
            liveness,
          ],
        },
      }),
    },
    {
      resource: 'poddisruptionbudgets.policy',
      object: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: metadata('ebs-csi-controller'),
        spec: { maxUnavailable: 1, selector: { matchLabels: { ...LABELS, app: 'ebs-csi-controller' } } },
      } as KubernetesObject,
    },
  ]
}

function workload(
  kind: string,
  app: string,
  { spec, ...rest }: { spec: object; [field: string]: unknown },
): KubernetesObject {
  const labels = { ...LABELS, app }
  const object = {
    apiVersion: 'apps/v1',
    kind,
    metadata: metadata(app),
    spec: { ...rest, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  }
  return object
}

/** The class that every new EKS cluster has; since 1.30 it is not the default one (docs.aws.amazon.com/eks/latest/userguide/storage-classes.html). */
export const GP2_CLASS: AddonObject = {
  resource: 'storageclasses.storage.k8s.io',
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'gp2' },
    provisioner: 'kubernetes.io/aws-ebs',
    parameters: { fsType: 'ext4', type: 'gp2' },
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  } as KubernetesObject,
}
