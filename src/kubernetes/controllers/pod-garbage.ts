import type { Controller, Result } from '#world/controller.ts'
import type { Node, Pod } from '../objects.ts'
import { isFinished, nameOf, splitName, withPodCondition } from '../pods.ts'
import { parseTime } from '../time.ts'
import type { ControlPlane } from './control-plane.ts'
import { unlessGone } from './replicas.ts'

/** A node that disappeared gets this long to come back (`nodeQuarantine`). */
const QUARANTINE_MS = 40_000

/** Removes pods whose node is gone, and unscheduled ones that are being deleted. Models pkg/controller/podgc. */
export function podGarbageCollector(plane: ControlPlane): Controller {
  const { api, podsByNode } = plane
  /** When a node was first missed, ms. */
  const missed = new Map<string, number>()

  function reconcile(key: string): Result | undefined {
    const pod = api.get<Pod>('pods', ...splitName(key))
    if (!pod) return
    const { nodeName } = pod.spec
    if (!nodeName) {
      if (pod.metadata.deletionTimestamp) remove(pod)
      return
    }
    if (api.get('nodes', '', nodeName)) {
      missed.delete(nodeName)
      return whenOutOfService(pod, nodeName)
    }
    const since = missed.get(nodeName) ?? plane.now()
    missed.set(nodeName, since)
    const left = since + QUARANTINE_MS - plane.now()
    if (left > 0) return { requeueAfterMs: left }
    if (!isFinished(pod)) markFailed(pod)
    remove(pod)
  }

  /** A pod that ends on a node with the out-of-service taint will never be heard of again. */
  function whenOutOfService(pod: Pod, nodeName: string): undefined {
    const node = api.get<Node>('nodes', '', nodeName)
    const out = node?.spec?.taints?.some(({ key }) => key === 'node.kubernetes.io/out-of-service')
    if (out && parseTime(pod.metadata.deletionTimestamp) > 0) remove(pod)
  }

  function markFailed(pod: Pod): void {
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByPodGC',
      message: 'PodGC: node no longer exists',
    }
    const conditions = withPodCondition(pod, condition, plane.timestamp())
    unlessGone(() =>
      api.updateStatus('pods', { ...pod, status: { ...pod.status, phase: 'Failed', conditions } }),
    )
  }

  const remove = (pod: Pod) =>
    unlessGone(() =>
      api.delete('pods', pod.metadata.namespace!, pod.metadata.name, {
        gracePeriodSeconds: 0,
        preconditions: { uid: pod.metadata.uid! },
      }),
    )

  return {
    name: 'pod-garbage-collector',
    sources: [
      {
        prefix: api.prefix('pods'),
        keys({ type, entry, previous }: { type: string; entry: { value: Pod }; previous?: { value: Pod } }) {
          if (type === 'delete') return []
          const { metadata, spec } = entry.value
          const going = metadata.deletionTimestamp !== previous?.value.metadata.deletionTimestamp
          return going || spec.nodeName !== previous?.value.spec.nodeName ? [nameOf(entry.value)] : []
        },
      },
      {
        prefix: api.prefix('nodes'),
        keys({
          type,
          entry,
          previous,
        }: {
          type: string
          entry: { value: Node }
          previous?: { value: Node }
        }) {
          const changed = type === 'delete' || entry.value.spec !== previous?.value.spec
          return changed ? podsByNode.get(entry.value.metadata.name).map(nameOf) : []
        },
      },
    ],
    reconcile,
  }
}
