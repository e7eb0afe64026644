import { invalidParameterValue } from '../errors.ts'

/** Size and speed of a volume. */
export interface VolumeShape {
  sizeGiB: number
  type: string
  iops?: number
  throughput?: number
}

interface VolumeType {
  minGiB: number
  maxGiB: number
  /** Without being asked. */
  iops?: (sizeGiB: number) => number
  iopsRange?: [min: number, max: number]
  throughput?: number
  /** Most operations a second for each GiB, of what is more than the default. */
  iopsPerGiB?: number
}

/** MiB a second for each operation a second, at most. */
const THROUGHPUT_PER_IOPS = 0.25

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html (from knowledge, 2026-11) */
const TYPES: Record<string, VolumeType> = {
  gp2: { minGiB: 1, maxGiB: 16_384, iops: (size) => Math.min(16_000, Math.max(100, size * 3)) },
  gp3: {
    minGiB: 1,
    maxGiB: 65_536,
    iops: () => 3000,
    iopsRange: [3000, 80_000],
    throughput: 125,
    iopsPerGiB: 500,
  },
  io1: { minGiB: 4, maxGiB: 16_384, iopsRange: [100, 64_000], iopsPerGiB: 50 },
  io2: { minGiB: 4, maxGiB: 65_536, iopsRange: [100, 256_000], iopsPerGiB: 1000 },
  st1: { minGiB: 125, maxGiB: 16_384 },
  sc1: { minGiB: 125, maxGiB: 16_384 },
  standard: { minGiB: 1, maxGiB: 1024 },
}

/** Whether a type's operations a second are chosen; those of gp2 follow from its size. */
export const takesIops = (type: string): boolean => TYPES[type]?.iopsRange !== undefined

/** A shape with its type's defaults. Throws InvalidParameterValue for what the type does not have. */
export function checkedVolume({
  sizeGiB = 8,
  type = 'gp2',
  iops,
  throughput,
}: Partial<VolumeShape>): VolumeShape {
  const rules = TYPES[type]
  if (!rules) throw invalidParameterValue(`Invalid value '${type}' for VolumeType.`)
  if (sizeGiB < rules.minGiB || sizeGiB > rules.maxGiB) {
    throw invalidParameterValue(
      `Volume of ${sizeGiB}GiB is ${sizeGiB < rules.minGiB ? 'too small' : 'too large'} for volume type ${type}; minimum is ${rules.minGiB}GiB, maximum is ${rules.maxGiB}GiB.`,
    )
  }
  if (iops !== undefined && !rules.iopsRange) {
    throw invalidParameterValue(`The parameter iops is not supported for ${type} volumes.`)
  }
  if (iops === undefined && rules.iopsRange && !rules.iops) {
    throw invalidParameterValue(`The parameter iops must be specified for ${type} volumes.`)
  }
  const [least, most] = rules.iopsRange ?? [0, Number.POSITIVE_INFINITY]
  if (iops !== undefined && (iops < least || iops > most)) {
    throw invalidParameterValue(
      `Volume iops of ${iops} is out of range for ${type}; minimum is ${least}, maximum is ${most}.`,
    )
  }
  const { iopsPerGiB = Number.POSITIVE_INFINITY } = rules
  if (iops !== undefined && iops / sizeGiB > iopsPerGiB && iops > (rules.iops?.(sizeGiB) ?? 0)) {
    throw invalidParameterValue(
      `Iops to volume size ratio of ${(iops / sizeGiB).toFixed(6)} is too high; maximum is ${iopsPerGiB}`,
    )
  }
  const pace = throughput === undefined ? 0 : throughput / (iops ?? rules.iops?.(sizeGiB) ?? 1)
  if (rules.throughput !== undefined && pace > THROUGHPUT_PER_IOPS) {
    throw invalidParameterValue(
      `Throughput (MiBps) to iops ratio of ${pace.toFixed(6)} is too high; maximum is ${THROUGHPUT_PER_IOPS.toFixed(6)} MiBps per iops.`,
    )
  }
  if (throughput !== undefined && rules.throughput === undefined) {
    throw invalidParameterValue(`The parameter throughput is not supported for ${type} volumes.`)
  }
  return { sizeGiB, type, iops: iops ?? rules.iops?.(sizeGiB), throughput: throughput ?? rules.throughput }
}
