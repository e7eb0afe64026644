import type { KubernetesObject } from '../api.ts'
import { sorted } from '../apiserver/json.ts'
import { equal } from '../equality.ts'
import type { PodTemplate } from '../objects.ts'
import { controllerReference } from '../pods.ts'
import { type ControlPlane, controlledBy } from './control-plane.ts'
import { templateHash, unlessGone } from './replicas.ts'

const REVISIONS = 'controllerrevisions.apps'
export const REVISION_HASH = 'controller-revision-hash'

/** A stored template of a DaemonSet or StatefulSet: what `kubectl rollout undo` goes back to. */
export interface ControllerRevision extends KubernetesObject {
  data: { spec: { template: PodTemplate & { $patch: 'replace' } } }
  revision: number
}

type Owner = KubernetesObject & { spec: { template: PodTemplate; revisionHistoryLimit?: number } }

/** The revisions of an owner, oldest first. */
export const revisionsOf = (plane: ControlPlane, owner: KubernetesObject): ControllerRevision[] =>
  controlledBy<ControllerRevision>(plane, REVISIONS, owner.metadata).sort((a, b) => a.revision - b.revision)

/** The revision of an owner's present template, made or brought to the front when it is not the newest. Models pkg/controller/history. */
export function currentRevision(
  plane: ControlPlane,
  owner: Owner,
  labels: Record<string, string>,
): ControllerRevision {
  const { api } = plane
  const revisions = revisionsOf(plane, owner)
  const newest = revisions.at(-1)
  const template = { ...owner.spec.template, $patch: 'replace' as const }
  const same = revisions.find((revision) => equal(revision.data.spec.template, template))
  if (same && same === newest) return same
  const revision = (newest?.revision ?? 0) + 1
  if (same) return api.update(REVISIONS, { ...same, revision })
  const hash = templateHash(template)
  const { name, namespace, annotations } = owner.metadata
  // One of the same name and content serves, whose ever it is: an orphan, or that of another kind of set with this name.
  const alike = api.get<ControllerRevision>(REVISIONS, namespace!, `${name}-${hash}`)
  if (alike && equal(alike.data.spec.template, template)) return alike
  return api.create<ControllerRevision>(REVISIONS, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace: namespace!,
      labels: { ...labels, [REVISION_HASH]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    // kubectl compares the bytes with those of a set's present template.
    data: sorted({ spec: { template } }),
    revision,
  })
}

export const hashOf = (revision: ControllerRevision): string => revision.metadata.labels![REVISION_HASH]!

/** Deletes the oldest revisions beyond the limit that no pod is of. */
export function pruneRevisions(plane: ControlPlane, owner: Owner, live: Set<string>): void {
  const unused = revisionsOf(plane, owner).filter((revision) => !live.has(hashOf(revision)))
  const excess = unused.length - (owner.spec.revisionHistoryLimit ?? 10)
  for (const { metadata } of unused.slice(0, Math.max(0, excess))) {
    unlessGone(() => plane.api.delete(REVISIONS, metadata.namespace!, metadata.name))
  }
}
