const SECOND = 1000
const MINUTE = 60 * SECOND

/** How long AWS takes, ms, as observed or documented; from knowledge, 2026-11. Divided like every provisioning time. */
export const durations = {
  scan: 20 * SECOND,
  /** "Most images replicate in less than 30 minutes"; small ones in a minute. */
  replication: 60 * SECOND,
  /** Restoring from the archive: "within 20 minutes". */
  activation: 20 * MINUTE,
  lifecyclePreview: 5 * SECOND,
  /** Lifecycle policies act within 24 hours; here they are looked at every hour. */
  lifecycleEvaluation: 60 * MINUTE,
  signing: 10 * SECOND,
} as const
