/** A public machine image. Ids are made from the name and the region, so that they never change. */
export interface ImageInfo {
  name: string
  description: string
  owner: string
  ownerAlias: string
  architecture: 'x86_64' | 'arm64'
  created: string
  /** SSM public parameter that names the newest one. */
  parameter?: string
  /** A further name of that parameter. */
  alias?: string
  sizeGiB: number
  user: string
  /** What its public parameter tells beside id and name. */
  release?: Record<string, string>
}

const EKS_OWNER = '602401143452'
const ECS_OWNER = '591542846629'
const AMAZON = '137112412989'
/** EKS-optimized releases: https://github.com/awslabs/amazon-eks-ami/releases (as known 2026-11). */
export const eksReleases: Record<string, { release: string; kubelet: string }> = {
  '1.33': { release: '1.33.5-20251112', kubelet: 'v1.33.5-eks-ecaa3a6' },
  '1.34': { release: '1.34.2-20251112', kubelet: 'v1.34.2-eks-ecaa3a6' },
  '1.35': { release: '1.35.0-20260120', kubelet: 'v1.35.0-eks-ac2d5a0' },
}

const architectures = ['x86_64', 'arm64'] as const

export const images: ImageInfo[] = [
  ...Object.entries(eksReleases).flatMap(([version, { release }]) =>
    architectures.map((architecture) => ({
      name: `amazon-eks-node-al2023-${architecture}-standard-${version}-v${release.split('-')[1]}`,
      description: `EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: ${release.split('-')[0]}, containerd: 2.1.*)`,
      owner: EKS_OWNER,
      ownerAlias: 'amazon',
      architecture,
      created: `${release.slice(-8, -4)}-${release.slice(-4, -2)}-${release.slice(-2)}T18:00:00.000Z`,
      parameter: `/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/${architecture}/standard/recommended/image_id`,
      sizeGiB: 20,
      user: 'ec2-user',
      release: { release_version: release },
    })),
  ),
  ...architectures.map((architecture) => ({
    name: `al2023-ami-2023.9.20251110.1-kernel-6.1-${architecture}`,
    description: `Amazon Linux 2023 AMI 2023.9.20251110.1 ${architecture} HVM kernel-6.1`,
    owner: AMAZON,
    ownerAlias: 'amazon',
    architecture,
    created: '2025-11-10T18:00:00.000Z',
    parameter: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-${architecture}`,
    alias: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`,
    sizeGiB: 8,
    user: 'ec2-user',
  })),
  // What EKS Auto Mode starts its machines from; nobody else launches these, so no parameter names them.
  ...Object.keys(eksReleases).flatMap((version) =>
    architectures.map((architecture) => ({
      name: `eks-auto-standard-${version}-${architecture}-20251112`,
      description: `EKS Auto Mode node based on Bottlerocket, (k8s: ${version}, standard)`,
      owner: EKS_OWNER,
      ownerAlias: 'amazon',
      architecture,
      created: '2025-11-12T18:00:00.000Z',
      sizeGiB: 4,
      user: 'ec2-user',
    })),
  ),
  // ECS-optimized releases: https://github.com/aws/amazon-ecs-ami/releases (from knowledge, 2026-11).
  ...architectures.map((architecture) => ({
    name: `al2023-ami-ecs-hvm-2023.0.20251112-kernel-6.1-${architecture}`,
    description: `Amazon Linux AMI 2023.0.20251112 ${architecture} ECS HVM EBS`,
    owner: ECS_OWNER,
    ownerAlias: 'amazon',
    architecture,
    created: '2025-11-12T18:00:00.000Z',
    parameter: `/aws/service/ecs/optimized-ami/amazon-linux-2023${architecture === 'arm64' ? '/arm64' : ''}/recommended/image_id`,
    sizeGiB: 30,
    user: 'ec2-user',
    release: {
      ecs_agent_version: '1.102.0',
      ecs_runtime_version: 'Docker version 25.0.13',
      image_version: '2023.0.20251112',
      os: 'Amazon Linux 2023',
      source_image_name: `al2023-ami-minimal-2023.9.20251110.1-kernel-6.1-${architecture}`,
    },
  })),
]
