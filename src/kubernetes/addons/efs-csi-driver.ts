import type { AddonObject, AddonOptions } from '../eks-addons.ts'
import { csiDriverObjects } from './csi-driver.ts'

/**
 * The objects of the EKS add-on aws-efs-csi-driver, without what has no effect here.
 * Source: kubernetes-sigs/aws-efs-csi-driver v2 and its EKS add-on, from knowledge, 2026-11.
 */
export function efsCsiDriver({ registry, version }: AddonOptions): AddonObject[] {
  return csiDriverObjects({
    registry,
    prefix: 'efs',
    image: 'aws-efs-csi-driver',
    tag: version.replace(/-eksbuild.*/, ''),
    driver: 'efs.csi.aws.com',
    // Nothing is attached: nodes mount over the network.
    spec: { attachRequired: false },
    controllerArgs: [
      '--endpoint=unix:///var/lib/csi/sockets/pluginproxy/csi.sock',
      '--logtostderr',
      '--v=2',
      '--delete-access-point-root-dir=false',
    ],
    nodeArgs: ['--endpoint=unix:/csi/csi.sock', '--logtostderr', '--v=2'],
    sidecars: { 'csi-provisioner': 'v5.3.0' },
    onNode: { hostNetwork: true, dnsPolicy: 'ClusterFirst' },
  })
}
