/** By how much the waits for AWS's provisioning are divided; `instant` makes them zero. */
export type ProvisioningSpeed = number | 'instant'

/** Default of DESIGN: ten minutes for a cluster become fifteen seconds. */
export const DEFAULT_PROVISIONING: ProvisioningSpeed = 40

/** How long provisioning takes in this world, from how long it takes on AWS (both ms). */
export function provisioningDuration(realMs: number, speed: ProvisioningSpeed): number {
  return speed === 'instant' ? 0 : realMs / speed
}
