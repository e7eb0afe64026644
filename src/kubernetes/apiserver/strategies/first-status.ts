import type { Obj } from '../json.ts'

/** What Go writes of a status that nobody has written yet: its fields without `omitempty`. Source: staging/src/k8s.io/api, 1.35; by resource. */
const ZERO: Record<string, Obj> = {
  replicationcontrollers: { replicas: 0 },
  'replicasets.apps': { replicas: 0 },
  'statefulsets.apps': { replicas: 0, availableReplicas: 0 },
  'daemonsets.apps': {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
  },
  'poddisruptionbudgets.policy': {
    disruptionsAllowed: 0,
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
  },
  'volumeattachments.storage.k8s.io': { attached: false },
}

export const firstStatus = (resource: string): Obj => ({ ...ZERO[resource] })
