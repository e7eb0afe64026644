/**
 * What Docker Hub gives without a paid plan. Pull limits: https://docs.docker.com/docker-hub/usage/ as it stood before and after
 * the plan of March 2025 for 10 and 40 pulls an hour was given up; refusals seen in 2026 still say 100 in six hours (2026-05).
 */
export const LIMITS = {
  /** Seconds. */
  window: 21_600,
  anonymousPulls: 100,
  personalPulls: 200,
  /** Private repositories of a Docker Personal account. */
  privateRepositories: 1,
} as const

/** Texts of refused pulls, as of 2026. */
export const refusals = {
  anonymous:
    'You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
  personal: (name: string, tokenId: string) =>
    `You have reached your pull rate limit as '${name}': ${tokenId}. You may increase the limit by upgrading. https://www.docker.com/increase-rate-limit`,
}
