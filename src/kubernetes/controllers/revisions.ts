import type { KubernetesObject } from '../api.ts'
import { sorted } from '../apiserver/json.ts'
import { equal } from '../equality.ts'
import type { LabelSelector, PodTemplate } from '../objects.ts'
import { controllerReference } from '../pods.ts'
import { selects } from '../selectors.ts'
import { type ControlPlane, controlledBy } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

export const REVISIONS = 'controllerrevisions.apps'
/** Says which revision a pod is of: a DaemonSet's by its hash, a StatefulSet's by its name. */
export const REVISION_LABEL = 'controller-revision-hash'

/** A stored template of a DaemonSet or StatefulSet: what `kubectl rollout undo` goes back to. */
export interface ControllerRevision extends KubernetesObject {
  data: { spec: { template: PodTemplate & { $patch: 'replace' } } }
  revision: number
}

export type RevisionOwner = KubernetesObject & {
  spec: { template: PodTemplate; selector: LabelSelector; revisionHistoryLimit?: number }
}

/** What of an owner a revision keeps. kubectl compares its bytes with those of the present template. */
export const dataOf = ({ spec: { template } }: RevisionOwner): ControllerRevision['data'] =>
  sorted({ spec: { template: { ...template, $patch: 'replace' as const } } })

/** The revisions of an owner, oldest first. */
export const revisionsOf = (plane: ControlPlane, owner: KubernetesObject): ControllerRevision[] =>
  controlledBy<ControllerRevision>(plane, REVISIONS, owner.metadata).sort(byAge)

function byAge(a: ControllerRevision, b: ControllerRevision): number {
  const [older, newer] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  return a.revision - b.revision || (older < newer ? -1 : older > newer ? 1 : 0)
}

/** Takes over the revisions that an owner's selector picks and nobody controls. */
export function adoptRevisions(plane: ControlPlane, owner: RevisionOwner): void {
  const { api, looseRevisions } = plane
  for (const revision of looseRevisions.select(owner.metadata.namespace!, owner.spec.selector)) {
    const { metadata } = revision
    if (metadata.deletionTimestamp) continue
    const ownerReferences = [...(metadata.ownerReferences ?? []), controllerReference(owner)]
    api.update(REVISIONS, { ...revision, metadata: { ...metadata, ownerReferences } })
  }
}

/** Lets go of an owner's revisions that its selector no longer picks. */
export function releaseRevisions(plane: ControlPlane, owner: RevisionOwner): void {
  for (const revision of revisionsOf(plane, owner)) {
    const { metadata } = revision
    if (metadata.deletionTimestamp || selects(owner.spec.selector, metadata.labels)) continue
    const ownerReferences = metadata.ownerReferences!.filter(({ uid }) => uid !== owner.metadata.uid)
    plane.api.update(REVISIONS, { ...revision, metadata: { ...metadata, ownerReferences } })
  }
}

/**
 * Stores an owner's present template; `hash` names it and stands under `label`. One of that name and content serves, whose ever it
 * is: that of another kind of set with this name, say. Undefined: the name is taken by other content, a collision.
 */
export function storeRevision(
  { api }: ControlPlane,
  owner: RevisionOwner,
  revision: number,
  [label, hash]: [label: string, hash: string],
): ControllerRevision | undefined {
  const { namespace, annotations } = owner.metadata
  const name = `${owner.metadata.name.slice(0, 223)}-${hash}`
  const data = dataOf(owner)
  const taken = api.get<ControllerRevision>(REVISIONS, namespace!, name)
  if (taken) return equal(taken.data, data) ? taken : undefined
  return api.create<ControllerRevision>(REVISIONS, {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name,
      namespace: namespace!,
      labels: { ...owner.spec.template.metadata?.labels, [label]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    data,
    revision,
  })
}

export const deleteRevision = ({ api }: ControlPlane, { metadata }: ControllerRevision): void => {
  unlessGone(() => api.delete(REVISIONS, metadata.namespace!, metadata.name))
}
