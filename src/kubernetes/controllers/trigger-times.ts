import type { KubernetesObject } from '../api.ts'
import type { Pod, Service } from '../objects.ts'

const ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time'

/** What was known of a Service and of its pods when its endpoints were last written. */
interface Known {
  service: string
  pods: Map<string, string>
}

/**
 * Which change of a Service or its pods brought a change of its endpoints, so that one can tell how long they take to follow. Kept in memory,
 * as upstream's: after a restart a Service is new. Models pkg/controller/util/endpoint (TriggerTimeTracker).
 */
export class TriggerTimes {
  readonly #known = new Map<string, Known>()

  /** The time of the earliest change since it was last asked; undefined when there was none. */
  of(key: string, service: Service, pods: Pod[]): string | undefined {
    const before = this.#known.get(key)
    const now: Known = { service: service.metadata.creationTimestamp!, pods: new Map() }
    const changed: string[] = []
    for (const pod of pods) {
      const time = pod.status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
      if (!time) continue
      now.pods.set(pod.metadata.name, time)
      if (time > (before?.pods.get(pod.metadata.name) ?? '')) changed.push(time)
    }
    this.#known.set(key, now)
    if (!before) return now.service
    if (now.service > before.service) changed.push(now.service)
    return changed.sort()[0]
  }

  forget(key: string): void {
    this.#known.delete(key)
  }
}

/** The object with the annotation that says which change it follows, or without it. */
export function triggeredAt<T extends KubernetesObject>(object: T, time: string | undefined): T {
  const { [ANNOTATION]: _, ...others } = object.metadata.annotations ?? {}
  const annotations = time ? { ...others, [ANNOTATION]: time } : others
  return { ...object, metadata: { ...object.metadata, annotations } }
}
