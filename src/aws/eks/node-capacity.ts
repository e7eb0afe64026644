import type { InstanceTypeInfo } from '../ec2/index.ts'

/**
 * Most pods on a node with the VPC CNI's secondary addresses: each interface's addresses but the primary, and two that use the
 * host's network; at most 110 below 30 vCPUs. https://github.com/awslabs/amazon-eks-ami/blob/main/templates/al2/runtime/max-pods-calculator.sh
 */
export function maxPods(type: InstanceTypeInfo): number {
  const byAddresses = type.maxInterfaces * (type.addressesPerInterface - 1) + 2
  return Math.min(byAddresses, type.vcpus > 30 ? 250 : 110)
}

/** CPU that EKS keeps for the system, milli-CPU: 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest. */
function reservedCpu(vcpus: number): number {
  let reserved = 0
  for (let core = 0; core < vcpus; core++) reserved += core === 0 ? 60 : core === 1 ? 10 : core < 4 ? 5 : 2.5
  return Math.floor(reserved)
}

/** How much of the machine's memory the kernel leaves; measured on Nitro instances (t3.medium: 3.78 of 4 GiB). */
const KERNEL_SHARE = 0.943
const EVICTION_KI = 100 * 1024
const DEVICE_SHARE = 0.9967

/**
 * Capacity and allocatable as the kubelet of an EKS node reports them, as Kubernetes quantities; `diskGiB` is the root volume,
 * `mostPods` what the kubelet was told instead of the type's limit.
 * Reservations: https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
 */
export function nodeResources(
  type: InstanceTypeInfo,
  diskGiB: number,
  mostPods?: number,
): { capacity: Record<string, string>; allocatable: Record<string, string> } {
  const pods = mostPods ?? maxPods(type)
  const memoryKi = Math.floor(type.memoryMiB * 1024 * KERNEL_SHARE)
  const reservedKi = (255 + 11 * pods) * 1024
  const diskKi = Math.floor(diskGiB * 1024 * 1024 * DEVICE_SHARE)
  const allocatableDisk = Math.floor(diskKi * 1024 * 0.9) - 1024 ** 3
  const shared = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(pods) }
  return {
    capacity: {
      cpu: String(type.vcpus),
      'ephemeral-storage': `${diskKi}Ki`,
      memory: `${memoryKi}Ki`,
      ...shared,
    },
    allocatable: {
      cpu: `${type.vcpus * 1000 - reservedCpu(type.vcpus)}m`,
      'ephemeral-storage': String(allocatableDisk),
      memory: `${memoryKi - reservedKi - EVICTION_KI}Ki`,
      ...shared,
    },
  }
}
