import { createHash } from 'node:crypto'
import type { NodeRecord } from '#aws/eks/index.ts'
import type { NodeSystemInfo } from '#kubernetes/objects.ts'

/** What an EKS-optimized Amazon Linux 2023 image reports, from its release notes (https://github.com/awslabs/amazon-eks-ami/releases, 2026-11). */
const SYSTEM = {
  containerRuntimeVersion: 'containerd://2.1.4',
  kernelVersion: '6.12.46-66.121.amzn2023.x86_64',
  operatingSystem: 'linux',
  osImage: 'Amazon Linux 2023.9.20251020',
}

/** What a machine of EKS Auto Mode reports, from knowledge (2026-11). */
const AUTO = {
  ...SYSTEM,
  containerRuntimeVersion: 'containerd://2.1.4+bottlerocket',
  kernelVersion: '6.12.46',
  osImage: 'Bottlerocket (EKS Auto, Standard) 2025.11.12 (aws-k8s-standard)',
}

/** `status.nodeInfo` of a machine; its ids follow from the instance, as a machine's own do. */
export function nodeSystem(node: NodeRecord, clusterUid: string): NodeSystemInfo {
  const digest = (what: string) =>
    createHash('sha256').update(`${clusterUid}/${node.instanceId}/${what}`).digest('hex')
  const uuid = (hex: string) =>
    [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
  const system = node.nodeClaim === undefined ? SYSTEM : AUTO
  return {
    ...system,
    architecture: node.architecture,
    bootID: uuid(digest('boot')),
    kernelVersion:
      node.architecture === 'arm64'
        ? system.kernelVersion.replace('x86_64', 'aarch64')
        : system.kernelVersion,
    // Kubelets tell nothing of kube-proxy since 1.33 (feature gate DisableNodeKubeProxyVersion).
    kubeProxyVersion: '',
    kubeletVersion: node.kubeletVersion,
    machineID: `ec2${digest('machine').slice(0, 29)}`,
    systemUUID: `ec2${uuid(digest('system')).slice(3)}`,
  }
}
