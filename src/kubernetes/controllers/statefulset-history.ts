import { equal } from '../equality.ts'
import type { Pod, StatefulSet } from '../objects.ts'
import { type ControlPlane, podsOf } from './control-plane.ts'
import { templateHash } from './replicas.ts'
import {
  adoptRevisions,
  type ControllerRevision,
  dataOf,
  deleteRevision,
  REVISION_LABEL,
  REVISIONS,
  revisionsOf,
  storeRevision,
} from './revisions.ts'

/** The label of a revision's hash. */
const HASH_LABEL = 'controller.kubernetes.io/hash'

/** Which template a StatefulSet's pods have had, and which they get. */
export interface StatefulHistory {
  current: ControllerRevision
  update: ControllerRevision
  /** How many names of revisions were taken, so far. */
  collisionCount: number
}

export const revisionOfPod = ({ metadata }: Pod): string => metadata.labels?.[REVISION_LABEL] ?? ''

/** A StatefulSet's revisions, the one of its present template made or brought to the front when it is not the newest. Models pkg/controller/history. */
export function statefulHistory(plane: ControlPlane, set: StatefulSet): StatefulHistory {
  adoptRevisions(plane, set)
  const revisions = revisionsOf(plane, set)
  const data = dataOf(set)
  const newest = revisions.at(-1)
  const number = (newest?.revision ?? 0) + 1
  let collisionCount = set.status?.collisionCount ?? 0
  let update = revisions.findLast((revision) => equal(revision.data, data))
  if (update && update !== newest && !equal(newest!.data, data)) {
    update = plane.api.update<ControllerRevision>(REVISIONS, { ...update, revision: number })
  }
  while (!update) {
    update = storeRevision(plane, set, number, [HASH_LABEL, templateHash(data, collisionCount)])
    if (!update) collisionCount++
  }
  const current = revisions.find(({ metadata }) => metadata.name === set.status?.currentRevision) ?? update
  return { current, update, collisionCount }
}

/** Deletes the oldest revisions beyond the limit that neither the set nor a pod of it needs. */
export function pruneStatefulHistory(
  plane: ControlPlane,
  set: StatefulSet,
  { current, update }: StatefulHistory,
): void {
  const live = new Set(podsOf(plane, set.metadata.uid!).map(revisionOfPod))
  for (const { metadata } of [current, update]) live.add(metadata.name)
  const unused = revisionsOf(plane, set).filter(({ metadata }) => !live.has(metadata.name))
  const excess = unused.length - (set.spec.revisionHistoryLimit ?? 10)
  for (const revision of unused.slice(0, Math.max(0, excess))) deleteRevision(plane, revision)
}
