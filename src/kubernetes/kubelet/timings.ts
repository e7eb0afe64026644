// How long things take on a node, in virtual ms. The order of magnitude of a t3.medium with containerd 2 and the VPC CNI
// (kubelet's own latency metrics, 2026-11); short on purpose where only patience would be simulated.

/** Sandbox, network and volumes of a pod. */
export const SANDBOX_MS = 400
/** From an image that is there to a running process. */
export const CONTAINER_START_MS = 150
/** Asking the registry, before any byte of a layer. */
export const PULL_OVERHEAD_MS = 350
/** Download and unpacking, compressed bytes a second. */
export const PULL_BYTES_PER_SECOND = 60_000_000
/** How long containerd waits for a registry that does not answer (net.Dialer of its resolver). */
export const DIAL_TIMEOUT_MS = 30_000
/** From a kubelet's first sign of life to Ready on a node that brings its own network. Provisioning, so divided by the world's speed of it. */
export const NODE_READY_MS = 20_000
/** Lease renewals and their duration (kubelet `nodeLeaseDurationSeconds` 40, renewed at a quarter of it). */
export const LEASE_RENEW_MS = 10_000
/** How often an unchanged node status is sent (`nodeStatusReportFrequency`). */
export const NODE_STATUS_MS = 300_000
/** All leases of a cluster together are renewed at most this often a second; with more nodes each is renewed more seldom. */
export const LEASES_PER_SECOND = 100
/** How often a running pod looks at its ConfigMaps and Secrets again (`syncFrequency`). */
export const VOLUME_SYNC_MS = 60_000
/** Retries of what only a change elsewhere can mend: a missing ConfigMap, an address. */
export const RETRY_MS = 10_000
/** From one look at a pod that backs off to the next: `backOffPeriod`, and up to half as much again. */
export const BACK_OFF_LOOK_MS = 12_500
/** From an error to the kubelet's next look at the pod. */
export const ERROR_SHOWN_MS = 2_000
/** The least time between SIGTERM and SIGKILL (`minimumGracePeriodInSeconds`). */
export const MINIMUM_GRACE_MS = 2_000
/** How often local storage is measured (`evictionMonitoringPeriod`). */
export const EVICTION_CHECK_MS = 10_000
/** How long it takes until a pod that a kubelet does not admit has failed: what replaces it is refused again, and must not keep the cluster busy. */
export const REJECTION_MS = 1_000
