const GIB = 1024

/**
 * What Fargate gives a pod: milli-CPU, and the MiB that go with them.
 * https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html (from knowledge, 2026-11)
 */
const SIZES: { cpu: number; memory: number[] }[] = [
  { cpu: 250, memory: [512, 1 * GIB, 2 * GIB] },
  { cpu: 500, memory: steps(1, 4, 1) },
  { cpu: 1000, memory: steps(2, 8, 1) },
  { cpu: 2000, memory: steps(4, 16, 1) },
  { cpu: 4000, memory: steps(8, 30, 1) },
  { cpu: 8000, memory: steps(16, 60, 4) },
  { cpu: 16_000, memory: steps(32, 120, 8) },
]

function steps(from: number, to: number, step: number): number[] {
  const sizes: number[] = []
  for (let size = from; size <= to; size += step) sizes.push(size * GIB)
  return sizes
}

/** What the kubelet, its proxy and containerd take of a pod's memory, MiB. */
export const SYSTEM_MIB = 256

/** The smallest size that holds milli-CPU and MiB (the system's included); undefined: too much for Fargate. */
export function fargateSize(cpu: number, memory: number): { cpu: number; memory: number } | undefined {
  for (const size of SIZES) {
    if (size.cpu < cpu) continue
    const fits = size.memory.find((mib) => mib >= memory)
    if (fits !== undefined) return { cpu: size.cpu, memory: fits }
  }
  return undefined
}

/** `0.25vCPU 0.5GB`, as the annotation CapacityProvisioned has it. */
export const sizeText = ({ cpu, memory }: { cpu: number; memory: number }) =>
  `${cpu / 1000}vCPU ${memory / GIB}GB`
