import { type Column, NAME, text } from './column.ts'
import { ACCESS } from './columns/access.ts'
import { CLUSTER } from './columns/cluster.ts'
import { NETWORK } from './columns/network.ts'
import { STORAGE } from './columns/storage.ts'
import { WORKLOADS } from './columns/workloads.ts'

// Printer columns of Kubernetes 1.35. Source: pkg/printers/internalversion/printers.go, read 2026-11.

/** By resource with group; `*` is for those that have no printer of their own. */
export const COLUMNS: Record<string, Column[]> = {
  '*': [NAME, text('Created At', 'metadata.creationTimestamp')],
  ...CLUSTER,
  ...WORKLOADS,
  ...NETWORK,
  ...STORAGE,
  ...ACCESS,
}
