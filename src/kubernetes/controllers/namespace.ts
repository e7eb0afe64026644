import type { Controller, Result } from '#world/controller.ts'
import { isTurnOver, turn } from '#world/turns.ts'
import type { KubernetesObject } from '../api.ts'
import { equal } from '../equality.ts'
import type { Namespace } from '../objects.ts'
import { withCondition } from '../pods.ts'
import { type ControlPlane, ownKey } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

/** How soon (ms) to look again at content that takes its time: pods that end, finalizers. */
const RETRY_MS = 1000

/** The objects of one resource. */
interface Content {
  resource: string
  objects: KubernetesObject[]
}

/** Empties namespaces that are being deleted, then lets them go. Models pkg/controller/namespace. */
export function namespaceController(plane: ControlPlane): Controller {
  const { api } = plane

  async function reconcile(name: string): Promise<Result | undefined> {
    const namespace = api.get<Namespace>('namespaces', '', name)
    if (!namespace?.metadata.deletionTimestamp) return
    // Pods first, so that what they need stays as long as they run (KEP-5080).
    await empty(name, podsOf(name))
    if (podsOf(name).length === 0) await empty(name, contentOf(name))
    const pods = podsOf(name)
    const remaining = pods.length > 0 ? pods : contentOf(name)
    writeConditions(namespace, remaining)
    if (remaining.length > 0) return { requeueAfterMs: RETRY_MS }
    const latest = api.get<Namespace>('namespaces', '', name)
    if (!latest) return
    const finalizers = latest.spec.finalizers?.filter((finalizer) => finalizer !== 'kubernetes')
    unlessGone(() => api.update('namespaces/finalize', { ...latest, spec: { ...latest.spec, finalizers } }))
  }

  async function empty(namespace: string, content: Content[]): Promise<void> {
    for (const { resource, objects } of content) {
      for (const object of objects) {
        if (object.metadata.deletionTimestamp) continue
        if (isTurnOver()) await turn()
        const options = {
          preconditions: { uid: object.metadata.uid! },
          propagationPolicy: 'Background' as const,
        }
        unlessGone(() => api.delete(resource, namespace, object.metadata.name, options))
      }
    }
  }

  const contentOf = (namespace: string): Content[] =>
    api
      .resources()
      .filter(({ namespaced }) => namespaced)
      .flatMap(({ resource }) => present(resource, namespace))

  const podsOf = (namespace: string): Content[] => present('pods', namespace)

  function present(resource: string, namespace: string): Content[] {
    const objects = api.list<KubernetesObject>(resource, namespace)
    return objects.length > 0 ? [{ resource, objects }] : []
  }

  function writeConditions(namespace: Namespace, left: Content[]): void {
    const count = (objects: KubernetesObject[]) => `${objects.length} resource instances`
    const finalizers = new Map<string, number>()
    for (const { metadata } of left.flatMap(({ objects }) => objects)) {
      for (const finalizer of metadata.finalizers ?? []) {
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
      }
    }
    const content = left.map(({ resource, objects }) => `${groupResource(resource)} has ${count(objects)}`)
    const held = [...finalizers].map(([name, instances]) => `${name} in ${instances} resource instances`)
    const wanted = [
      {
        type: 'NamespaceDeletionDiscoveryFailure',
        status: 'False',
        reason: 'ResourcesDiscovered',
        message: 'All resources successfully discovered',
      },
      {
        type: 'NamespaceDeletionGroupVersionParsingFailure',
        status: 'False',
        reason: 'ParsedGroupVersions',
        message: 'All legacy kube types successfully parsed',
      },
      {
        type: 'NamespaceDeletionContentFailure',
        status: 'False',
        reason: 'ContentDeleted',
        message: 'All content successfully deleted, may be waiting on finalization',
      },
      content.length > 0
        ? {
            type: 'NamespaceContentRemaining',
            status: 'True',
            reason: 'SomeResourcesRemain',
            message: `Some resources are remaining: ${content.join(', ')}`,
          }
        : {
            type: 'NamespaceContentRemaining',
            status: 'False',
            reason: 'ContentRemoved',
            message: 'All content successfully removed',
          },
      held.length > 0
        ? {
            type: 'NamespaceFinalizersRemaining',
            status: 'True',
            reason: 'SomeFinalizersRemain',
            message: `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
          }
        : {
            type: 'NamespaceFinalizersRemaining',
            status: 'False',
            reason: 'ContentHasNoFinalizers',
            message: 'All content-preserving finalizers finished',
          },
    ]
    let conditions = namespace.status?.conditions
    for (const condition of wanted) conditions = withCondition(conditions, condition, plane.timestamp())
    if (equal(conditions, namespace.status?.conditions)) return
    api.updateStatus('namespaces', { ...namespace, status: { ...namespace.status, conditions } })
  }

  return {
    name: 'namespace-controller',
    sources: [{ prefix: api.prefix('namespaces'), keys: ownKey }],
    reconcile,
  }
}

/** `pods.` for the core group, as upstream prints it. */
const groupResource = (resource: string): string => (resource.includes('.') ? resource : `${resource}.`)
