import { equal } from '../equality.ts'
import type { DaemonSet, Pod } from '../objects.ts'
import { controllerOf, nameOf, splitName } from '../pods.ts'
import { selects } from '../selectors.ts'
import { type ControlPlane, podsOf } from './control-plane.ts'
import { templateHash } from './replicas.ts'
import {
  adoptRevisions,
  type ControllerRevision,
  dataOf,
  deleteRevision,
  REVISION_LABEL,
  REVISIONS,
  releaseRevisions,
  revisionsOf,
  storeRevision,
} from './revisions.ts'

export const hashOf = ({ metadata }: ControllerRevision): string => metadata.labels![REVISION_LABEL]!
export const hashOfPod = ({ metadata }: Pod): string => metadata.labels?.[REVISION_LABEL] ?? ''

/**
 * A DaemonSet's revisions: the present one, made or brought to the front when it is not the newest, and those before it. No
 * present one: its name was taken, which is now counted in the set's status; its event brings the next try. Models
 * constructHistory of pkg/controller/daemon/update.go.
 */
export function daemonHistory(
  plane: ControlPlane,
  set: DaemonSet,
): { present: ControllerRevision | undefined; old: ControllerRevision[] } {
  const { api } = plane
  adoptRevisions(plane, set)
  releaseRevisions(plane, set)
  const revisions = revisionsOf(plane, set).map((revision) => {
    const { labels, name } = revision.metadata
    if (labels?.[REVISION_LABEL]) return revision
    const metadata = { ...revision.metadata, labels: { ...labels, [REVISION_LABEL]: name } }
    return api.update<ControllerRevision>(REVISIONS, { ...revision, metadata })
  })
  const data = dataOf(set)
  const alike = revisions.filter((revision) => equal(revision.data, data))
  const old = revisions.filter((revision) => !alike.includes(revision))
  const number = (old.at(-1)?.revision ?? 0) + 1
  const kept = alike.pop()
  if (!kept) {
    const hash = templateHash(set.spec.template, set.status?.collisionCount)
    const present = storeRevision(plane, set, number, [REVISION_LABEL, hash])
    if (!present) countCollision(plane, set)
    return { present, old }
  }
  if (alike.length > 0) merge(plane, set, alike, kept)
  const present = kept.revision < number ? api.update(REVISIONS, { ...kept, revision: number }) : kept
  return { present, old }
}

function countCollision({ api }: ControlPlane, set: DaemonSet): void {
  const now = api.get<DaemonSet>('daemonsets.apps', ...splitName(nameOf(set)))
  if (!now) return
  const collisionCount = (now.status?.collisionCount ?? 0) + 1
  api.updateStatus('daemonsets.apps', { ...now, status: { ...now.status!, collisionCount } })
}

/** Leaves one of several revisions with the same content, to which all pods are counted. */
function merge(
  plane: ControlPlane,
  set: DaemonSet,
  others: ControllerRevision[],
  kept: ControllerRevision,
): void {
  const hash = hashOf(kept)
  for (const pod of podsOf(plane, set.metadata.uid!)) {
    if (hashOfPod(pod) === hash) continue
    const labels = { ...pod.metadata.labels, [REVISION_LABEL]: hash }
    plane.api.update('pods', { ...pod, metadata: { ...pod.metadata, labels } })
  }
  for (const other of others) deleteRevision(plane, other)
}

/** Deletes the oldest of a DaemonSet's earlier revisions beyond its limit, but none that a pod is of. */
export function pruneDaemonHistory(plane: ControlPlane, set: DaemonSet, old: ControllerRevision[]): void {
  let excess = old.length - (set.spec.revisionHistoryLimit ?? 10)
  const live = new Set(podsOf(plane, set.metadata.uid!).map(hashOfPod))
  for (const revision of old) {
    if (excess <= 0) return
    if (live.has(hashOf(revision))) continue
    deleteRevision(plane, revision)
    excess--
  }
}

interface RevisionEvent {
  type: 'put' | 'delete'
  entry: { value: ControllerRevision }
  previous?: { value: ControllerRevision }
}

/** The DaemonSets that a change of a revision concerns: its own, not when it is new, and all that may adopt an orphan. */
export function daemonSetsOf({ api }: ControlPlane, { type, entry, previous }: RevisionEvent): string[] {
  const revision = entry.value
  const { namespace, labels } = revision.metadata
  const owners = [controllerOf(revision), previous && controllerOf(previous.value)]
  const own = owners.flatMap((owner) => (owner?.kind === 'DaemonSet' ? [`${namespace}/${owner.name}`] : []))
  if (owners[0] || type === 'delete') return type === 'delete' || previous ? [...new Set(own)] : []
  const adopters = api
    .list<DaemonSet>('daemonsets.apps', namespace)
    .filter(({ spec }) => selects(spec.selector, labels))
  return [...new Set([...own, ...adopters.map(nameOf)])]
}
