const SECOND = 1000

/** How long AWS takes, ms; from knowledge, 2026-11. Divided like every provisioning time. */
export const durations = {
  fileSystem: 5 * SECOND,
  fileSystemDeletion: 10 * SECOND,
  /** "After you create a mount target … it takes about 90 seconds" until its DNS name is there. */
  mountTarget: 90 * SECOND,
  mountTargetDeletion: 30 * SECOND,
  accessPoint: 2 * SECOND,
} as const
