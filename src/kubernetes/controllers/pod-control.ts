import { Pending } from '#world/controller.ts'
import { type KubernetesObject, StatusError } from '../api.ts'
import type { LabelSelector, Pod, PodTemplate } from '../objects.ts'
import { controllerReference, isActive } from '../pods.ts'
import { selects } from '../selectors.ts'
import { type ControlPlane, podsOf } from './control-plane.ts'

/** A controller that looks at much before it makes a pod makes so many at least before it gives others their turn. */
export const BURST = 20

/** A pod of an owner's template, as the API server will get it. */
export function podOf(owner: KubernetesObject, template: PodTemplate, name?: string): Pod {
  const { metadata } = template
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: name ?? '',
      ...(name ? {} : { generateName: `${owner.metadata.name}-` }),
      namespace: owner.metadata.namespace,
      ...(metadata?.labels && { labels: metadata.labels }),
      ...(metadata?.annotations && { annotations: metadata.annotations }),
      ...(metadata?.finalizers && { finalizers: metadata.finalizers }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec,
  } as Pod
}

/** Makes a pod for its owner, with the event that the real controller records. Rethrows what the API server says. */
export function createPod(
  plane: ControlPlane,
  owner: KubernetesObject,
  template: PodTemplate,
  component: string,
  change: (pod: Pod) => Pod = (pod) => pod,
): Pod {
  const { api } = plane
  try {
    const pod = api.create('pods', change(podOf(owner, template)))
    api.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, { component })
    return pod
  } catch (error) {
    if (error instanceof Pending) throw error
    const namespaceEnds = error instanceof StatusError && /being terminated/.test(error.message)
    if (!namespaceEnds) {
      api.event(owner, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`, {
        component,
      })
    }
    throw error
  }
}

export function deletePod(plane: ControlPlane, owner: KubernetesObject, pod: Pod, component: string): void {
  const { api } = plane
  try {
    api.delete('pods', pod.metadata.namespace!, pod.metadata.name, {
      preconditions: { uid: pod.metadata.uid! },
    })
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return
    api.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${(error as Error).message}`, { component })
    throw error
  }
  api.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, { component })
}

/**
 * Takes over pods that the selector picks and nobody manages, and lets go of own pods that it no longer picks. The owner's pods carry
 * its `finalizer`, if it has one.
 */
export function adoptPods(
  plane: ControlPlane,
  owner: KubernetesObject,
  selector: LabelSelector,
  finalizer?: string,
): void {
  const { api, orphans, replicaCounts } = plane
  const { namespace, uid } = owner.metadata
  const update = (pod: Pod, ownerReferences: Pod['metadata']['ownerReferences'], own: boolean) => {
    const others = pod.metadata.finalizers?.filter((name) => name !== finalizer) ?? []
    const finalizers = own && finalizer ? [...others, finalizer] : others
    api.update('pods', {
      ...pod,
      metadata: { ...pod.metadata, ownerReferences, ...(finalizer && { finalizers }) },
    })
  }
  for (const pod of orphans.select(namespace!, selector)) {
    if (!isActive(pod)) continue
    update(pod, [...(pod.metadata.ownerReferences ?? []), controllerReference(owner)], true)
  }
  const { alike } = replicaCounts.of(uid!)
  if ([...alike.values()].every(({ labels }) => selects(selector, labels))) return
  for (const pod of podsOf(plane, uid!)) {
    if (pod.metadata.deletionTimestamp || selects(selector, pod.metadata.labels)) continue
    update(
      pod,
      pod.metadata.ownerReferences?.filter((reference) => reference.uid !== uid),
      false,
    )
  }
}
