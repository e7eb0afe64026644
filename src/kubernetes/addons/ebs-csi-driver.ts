import type { KubernetesObject } from '../api.ts'
import type { AddonObject, AddonOptions } from '../eks-addons.ts'
import { csiDriverObjects } from './csi-driver.ts'

/**
 * The objects of the EKS add-on aws-ebs-csi-driver, without what has no effect here.
 * Source: kubernetes-sigs/aws-ebs-csi-driver v1.5x manifests and its EKS add-on, read 2026-11.
 */
export function ebsCsiDriver({ registry, version }: AddonOptions): AddonObject[] {
  return csiDriverObjects({
    registry,
    prefix: 'ebs',
    image: 'aws-ebs-csi-driver',
    tag: version.replace(/-eksbuild.*/, ''),
    driver: 'ebs.csi.aws.com',
    spec: { attachRequired: true, podInfoOnMount: false, fsGroupPolicy: 'File' },
    controllerArgs: ['controller', '--endpoint=unix:///var/lib/csi/sockets/pluginproxy/csi.sock'],
    nodeArgs: ['node', '--endpoint=unix:/csi/csi.sock'],
    sidecars: { 'csi-provisioner': 'v5.3.0', 'csi-attacher': 'v4.10.0', 'csi-resizer': 'v1.14.0' },
  })
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
