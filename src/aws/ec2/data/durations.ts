/**
 * How long AWS takes, ms. Provisioning, so divided by the world's provisioning speed; measured values as people report
 * them (2026-11), AWS promises none.
 */
export const durations = {
  instancePending: 15_000,
  instanceStopping: 30_000,
  instanceShuttingDown: 40_000,
  natGatewayPending: 120_000,
  natGatewayDeleting: 60_000,
  vpcEndpoint: 60_000,
  volumeCreate: 3_000,
  snapshotCreate: 120_000,
  imageCreate: 180_000,
}

/** How long a terminated instance or deleted NAT gateway stays visible, ms: about an hour. Not divided. */
export const VISIBLE_AFTER_END = 3_600_000
