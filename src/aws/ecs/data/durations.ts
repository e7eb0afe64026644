/** What a Fargate task takes in its states, ms, beside what its containers do; seen in us-east-1 in 2025 with small images. */
export const durations = {
  provisioning: 12_000,
  pending: 10_000,
  activating: 2_000,
  deprovisioning: 12_000,
  /** How long the service scheduler waits before it replaces a task that failed, doubled with each failure in a row. */
  restartBackOff: 10_000,
  restartBackOffMax: 900_000,
}

/** How long a stopped task is shown: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html */
export const STOPPED_TASK_SHOWN_MS = 3_600_000

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html (read 2026-11-21). */
export const QUOTAS = { clusters: 10_000, servicesPerCluster: 5000, tasksPerService: 5000, tasksPerRun: 10 }
