/** An add-on of EKS with its versions for each Kubernetes version, newest first. */
export interface AddonInfo {
  name: string
  type: string
  owner: string
  /** Kubernetes version → add-on versions; the first is the default. */
  versions: Record<string, string[]>
}

/**
 * Sources: managing-vpc-cni, managing-coredns and managing-kube-proxy of the EKS user guide, whose stored tables (read 2026-11-28) end at
 * Kubernetes 1.33 with VPC CNI v1.20.1-eksbuild.3 and CoreDNS v1.12.3-eksbuild.1; what is newer, and the other add-ons, from knowledge.
 */
export const addons: AddonInfo[] = [
  {
    name: 'vpc-cni',
    type: 'networking',
    owner: 'aws',
    versions: {
      '1.35': ['v1.21.1-eksbuild.3', 'v1.20.4-eksbuild.2'],
      '1.34': ['v1.20.4-eksbuild.2', 'v1.20.1-eksbuild.3'],
      '1.33': ['v1.20.4-eksbuild.2', 'v1.19.5-eksbuild.1'],
    },
  },
  {
    name: 'coredns',
    type: 'networking',
    owner: 'aws',
    versions: {
      '1.35': ['v1.13.1-eksbuild.1', 'v1.12.4-eksbuild.1'],
      '1.34': ['v1.12.3-eksbuild.1'],
      '1.33': ['v1.12.1-eksbuild.2'],
    },
  },
  {
    name: 'kube-proxy',
    type: 'networking',
    owner: 'aws',
    versions: {
      '1.35': ['v1.35.0-eksbuild.2'],
      '1.34': ['v1.34.0-eksbuild.2'],
      '1.33': ['v1.33.3-eksbuild.4'],
    },
  },
  {
    name: 'aws-ebs-csi-driver',
    type: 'storage',
    owner: 'aws',
    versions: {
      '1.35': ['v1.53.0-eksbuild.1', 'v1.52.1-eksbuild.1'],
      '1.34': ['v1.52.1-eksbuild.1'],
      '1.33': ['v1.52.1-eksbuild.1', 'v1.48.0-eksbuild.2'],
    },
  },
  {
    name: 'aws-efs-csi-driver',
    type: 'storage',
    owner: 'aws',
    versions: {
      '1.35': ['v2.1.15-eksbuild.1', 'v2.1.11-eksbuild.1'],
      '1.34': ['v2.1.11-eksbuild.1'],
      '1.33': ['v2.1.11-eksbuild.1', 'v2.1.8-eksbuild.1'],
    },
  },
  {
    name: 'eks-pod-identity-agent',
    type: 'security',
    owner: 'aws',
    versions: {
      '1.35': ['v1.3.10-eksbuild.2'],
      '1.34': ['v1.3.10-eksbuild.2'],
      '1.33': ['v1.3.7-eksbuild.2'],
    },
  },
  {
    name: 'metrics-server',
    type: 'observability',
    owner: 'community',
    versions: {
      '1.35': ['v0.8.0-eksbuild.6'],
      '1.34': ['v0.8.0-eksbuild.2'],
      '1.33': ['v0.7.2-eksbuild.4'],
    },
  },
]
