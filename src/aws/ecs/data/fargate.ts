/**
 * Memory (MiB) that goes with each CPU size of Fargate: `[from, to, step]`.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html (read 2026-11-21).
 */
const MEMORY: Record<number, [from: number, to: number, step: number]> = {
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16_384, 1024],
  4096: [8192, 30_720, 1024],
  8192: [16_384, 61_440, 4096],
  16384: [32_768, 122_880, 8192],
}

/** Whether Fargate has a size of these CPU units and MiB. */
export function fargateSizeExists(cpu: number, memory: number): boolean {
  if (cpu === 256) return [512, 1024, 2048].includes(memory)
  const range = MEMORY[cpu]
  if (!range) return false
  const [from, to, step] = range
  return memory >= from && memory <= to && (memory - from) % step === 0
}

/** The platform version that `LATEST` means for Linux. */
export const PLATFORM_VERSION = '1.4.0'
/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/platform-fargate.html (read 2026-11-21). */
export const PLATFORM_VERSIONS = ['LATEST', '1.4.0', '1.3.0']
